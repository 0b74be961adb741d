import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { homeFolders } from '../../../main/host/home.ts';
import {
  settingsEnvironment,
  settingsSpawner,
} from '../../../main/host/services/settings/settings-spawner.ts';
import { SETTING_DEFAULTS } from '../../../main/host/services/settings/settings.ts';
import type { EngineSpawner } from '../../../main/host/contract/engine.ts';
import { fakeEngine, refusal, studioIn, temporaryFolder } from './support.ts';

describe('settings', () => {
  it('are the defaults in a new home', async () => {
    const studio = await studioIn(temporaryFolder());
    expect(studio.settings.get()).toEqual({
      language: 'system',
      theme: 'system',
      threads: 0,
      device: 'auto',
      welcomed: false,
      project: null,
      folder: null,
    });
  });

  it('have the welcome done where the library has something already', async () => {
    const studio = await studioIn(temporaryFolder());
    studio.projects.create('Gulls');
    expect(studio.settings.get().welcomed).toBe(true);
    expect(studio.settings.update({ welcomed: false }).welcomed).toBe(false);
  });

  it('are there again when the studio is opened anew, those that were left alone as well', async () => {
    const home = temporaryFolder();
    const first = await studioIn(home);
    expect(first.settings.update({ language: 'zh-CN', threads: 3 })).toEqual({
      ...SETTING_DEFAULTS,
      language: 'zh-CN',
      threads: 3,
    });
    first.settings.update({ welcomed: true, theme: undefined });
    first.settings.update({ threads: 5 });
    await first.close();
    const second = await studioIn(home);
    expect(second.settings.get()).toEqual({
      ...SETTING_DEFAULTS,
      language: 'zh-CN',
      threads: 5,
      welcomed: true,
    });
  });

  it.each([
    ['"blue"', 'a word that is none of the choices'],
    ['{', 'something that is no JSON'],
  ])('that something else wrote (%s, %s) are not believed', async (value) => {
    const home = temporaryFolder();
    await (await studioIn(home)).close();
    const db = new Database(homeFolders(home).library);
    db.prepare("INSERT INTO settings (key, value) VALUES ('theme', ?)").run(value);
    db.close();
    const studio = await studioIn(home);
    await refusal(() => studio.settings.get(), 'store-damaged');
  });
});

describe('an engine', () => {
  it('is left to choose when the settings do not say', () => {
    expect(settingsEnvironment({ threads: 0, device: 'auto' })).toEqual({});
    expect(settingsEnvironment({ threads: 0, device: 'gpu' })).toEqual({});
  });

  it('keeps to the threads and the device that are set', () => {
    expect(settingsEnvironment({ threads: 3, device: 'auto' })).toMatchObject({
      TF_NUM_INTRAOP_THREADS: '3',
      OMP_NUM_THREADS: '3',
    });
    expect(settingsEnvironment({ threads: 3, device: 'auto' })).not.toHaveProperty(
      'CUDA_VISIBLE_DEVICES',
    );
    expect(settingsEnvironment({ threads: 0, device: 'cpu' })).toMatchObject({
      CUDA_VISIBLE_DEVICES: '-1',
    });
  });

  it('is started under the settings of that moment, which the job may outdo', async () => {
    const seen: Record<string, string>[] = [];
    const spawn: EngineSpawner = ({ env, ...rest }) => {
      seen.push(env);
      return fakeEngine()({ env, ...rest });
    };
    const studio = await studioIn(temporaryFolder(), { spawn });
    await studio.probe();
    studio.settings.update({ threads: 7, device: 'cpu' });
    await studio.probe();
    expect(seen[0]).toEqual({});
    expect(seen[1]).toMatchObject({ TF_NUM_INTRAOP_THREADS: '7', CUDA_VISIBLE_DEVICES: '-1' });
    const engine = settingsSpawner(
      spawn,
      studio.settings,
    )({ env: { TF_NUM_INTRAOP_THREADS: '1' }, logFile: null });
    engine.kill();
    expect(seen[2]).toMatchObject({ TF_NUM_INTRAOP_THREADS: '1', OMP_NUM_THREADS: '7' });
  });
});
