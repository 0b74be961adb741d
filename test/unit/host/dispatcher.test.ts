import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { HOST_PROCEDURES, PROCEDURES } from '../../../shared/contract/window/procedures.ts';
import type { EventName } from '../../../shared/contract/window/events.ts';
import {
  openDispatcher,
  type Dispatcher,
  type DispatcherOptions,
} from '../../../main/host/api/dispatch.ts';
import { browserShell } from '../../../main/host/procedures/shell.ts';
import { fakeEngine, refusal, studioIn, temporaryFolder } from './support.ts';

const IMAGES = fileURLToPath(new URL('../../fixtures/images', import.meta.url));
const image = (name: string): string => readFileSync(join(IMAGES, name)).toString('base64');

const apis: Dispatcher[] = [];
afterEach(async () => {
  // Runs before support.ts closes the studios: the last registered hook runs first.
  for (const api of apis.splice(0)) await api.close();
});

async function openApi(home = temporaryFolder(), options: Partial<DispatcherOptions> = {}) {
  const studio = options.studio ?? (await studioIn(home));
  const api = await openDispatcher({ studio, cacheDir: home, ...options });
  apis.push(api);
  const events: [event: EventName, payload: unknown][] = [];
  api.onEvent((event, payload) => events.push([event, payload]));
  return { api, studio, events, home };
}

/** Calls a procedure and validates the output, as a window does. */
async function ask(api: Dispatcher, name: keyof typeof PROCEDURES, input: unknown = {}) {
  return v.parse(PROCEDURES[name].output, await api.call(name, input));
}

describe('the api', () => {
  it('answers every procedure of the host', async () => {
    const { api } = await openApi();
    for (const name of Object.keys(HOST_PROCEDURES)) {
      // Every handler exists and refuses the malformed input; a missing one would give another
      // error.
      const outcome = await api.call(name, 'nonsense').catch((error: unknown) => error);
      expect([name, outcome]).toMatchObject([name, { code: 'usage' }]);
    }
  });

  it('refuses what is no procedure', async () => {
    const { api } = await openApi();
    for (const name of ['runs.explode', '', 'toString', '__proto__', 'constructor'])
      expect((await refusal(api.call(name, {}), 'usage')).message).toContain('no procedure');
  });

  it.each([
    ['tasks.cancel', {}, '"id"'],
    ['tasks.cancel', { id: 3 }, '"id"'],
    ['tasks.cancel', { id: '' }, '"id"'],
    ['tasks.cancel', { id: 'x', more: true }, '"more"'],
    ['settings.update', { theme: 'pink' }, '"theme"'],
    ['settings.update', { threads: -1 }, '"threads"'],
    ['files.list', { folder: null, extensions: ['.png', 7] }, '"extensions.1"'],
    ['datasets.resplit', { id: 'ds-1', val: 1.5, test: 0, seed: 0 }, '"val"'],
    ['system.status', null, 'its input'],
    ['system.status', undefined, 'its input'],
    ['system.status', 'x', 'its input'],
  ])('refuses what does not fit: %s %j', async (name, input, field) => {
    const { api } = await openApi();
    const error = await refusal(api.call(name, input), 'usage');
    expect(error.message).toMatch(new RegExp(`^${name} refuses ${field}: .*\\.$`));
    expect(error.hint).not.toBe('');
  });

  it('makes a sentence of whatever is thrown', async () => {
    const studio = await studioIn(temporaryFolder());
    const broken = {
      ...studio,
      settings: {
        get: () => {
          throw new TypeError('x is undefined');
        },
        update: () => {
          throw Object.assign(new Error('EACCES: denied'), { code: 'EACCES' });
        },
      },
    };
    const { api } = await openApi(undefined, { studio: broken });
    expect((await refusal(api.call('settings.get', {}), 'internal')).message).toBe(
      'x is undefined',
    );
    await refusal(api.call('settings.update', {}), 'not-readable');
  });

  it('leaves the surroundings of the window to whoever knows them', async () => {
    const { api } = await openApi();
    await refusal(api.call('shell.info', {}), 'not-available');
    const { api: browser } = await openApi(undefined, { shell: browserShell() });
    expect(await ask(browser, 'shell.info')).toMatchObject({
      kind: 'browser',
      nativeDialogs: false,
      canReveal: false,
      canMoveHome: false,
    });
    const choose = { what: 'folder', title: '', extensions: [], path: null };
    await refusal(browser.call('shell.choose', choose), 'not-available');
    await refusal(browser.call('shell.reveal', { path: '/x' }), 'not-available');
    await refusal(browser.call('shell.moveHome', {}), 'not-available');
    await refusal(browser.call('shell.restart', {}), 'not-available');
  });
});

describe('the host’s own procedures', () => {
  it('say where the studio stands', async () => {
    const { api, home } = await openApi();
    const { version } = JSON.parse(
      readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
    ) as { version: string };
    expect(await ask(api, 'system.status')).toEqual({
      version,
      home,
      notices: [],
      interrupted: [],
      sample: true,
    });
  });

  it('diagnose once, and again when asked to', async () => {
    const spawn = vi.fn(fakeEngine());
    const studio = await studioIn(temporaryFolder(), { spawn });
    const { api } = await openApi(undefined, { studio });
    const [first, second] = await Promise.all([
      ask(api, 'system.diagnose', { again: false }),
      ask(api, 'system.diagnose', { again: false }),
    ]);
    expect(first).toEqual(second);
    expect(spawn).toHaveBeenCalledTimes(1);
    await ask(api, 'system.diagnose', { again: true });
    expect(spawn).toHaveBeenCalledTimes(2);
    await ask(api, 'system.diagnose', { again: false });
    expect(spawn).toHaveBeenCalledTimes(2);
  });

  it('keep settings, and tell other windows of a change', async () => {
    const { api, events } = await openApi();
    expect(await ask(api, 'settings.update', { theme: 'dark' })).toMatchObject({ theme: 'dark' });
    expect(await ask(api, 'settings.get')).toMatchObject({ theme: 'dark', language: 'system' });
    expect(events).toEqual([['library', { part: 'settings', id: null }]]);
  });

  it('list folders and make them', async () => {
    const { api } = await openApi();
    const parent = temporaryFolder();
    await ask(api, 'files.makeFolder', { parent, name: 'new' });
    expect(await ask(api, 'files.list', { folder: parent, extensions: [] })).toMatchObject({
      entries: [{ name: 'new', kind: 'folder' }],
    });
  });

  it('take pictures that are some', async () => {
    const { api } = await openApi();
    const base64 = image('landscape.jpg');
    const { media } = (await ask(api, 'uploads.add', { name: 'a.jpg', base64 })) as {
      media: string;
    };
    expect((await api.picture(media, null)).type).toBe('image/jpeg');
    const text = Buffer.from('certainly no image').toString('base64');
    const error = await refusal(
      api.call('uploads.add', { name: ' ', base64: text }),
      'format-unknown',
    );
    expect(error.message).toBe('The picture is not an image.');
    for (const broken of ['####', base64.slice(1), `${base64.slice(0, -4)}\n\n\n\n`])
      expect(
        (await refusal(api.call('uploads.add', { name: 'a.jpg', base64: broken }), 'usage'))
          .message,
      ).toContain('a.jpg arrived damaged');
  });

  it('know no picture after the end', async () => {
    const { api } = await openApi();
    const { media } = (await ask(api, 'uploads.add', {
      name: 'a.jpg',
      base64: image('landscape.jpg'),
    })) as { media: string };
    await api.close();
    await refusal(api.picture(media, 64), 'not-found');
  });
});
