import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  configOf,
  type ConfigSources,
  givenSettings,
  settingsHelp,
} from '../../../main/cli/training-config.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import { completeConfig, PRESETS, TRAINING_DEFAULTS } from '../../../shared/domain/training.ts';
import { METHOD_NAMES } from '../../../shared/methods/registry.ts';
import {
  SETTING_KEYS,
  SETTINGS,
  settingValue,
  type SettingKey,
} from '../../../shared/training/settings.ts';
import { KARST_DEFAULTS } from '../../../shared/methods/karst.ts';
import { lora } from '../../../shared/methods/lora.ts';
import { allSettings } from '../../../shared/training/config.ts';
import { METHOD_DEFAULTS } from '../../../shared/training/method-defaults.ts';
import { SMALLEST_VIT } from '../../fixtures/engine/test-bed.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'karst-config-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function file(name: string, content: string): string {
  const target = path.join(folder, name);
  writeFileSync(target, content);
  return target;
}

async function trainingConfig(sources: ConfigSources, classes: readonly string[] = []) {
  return configOf(await givenSettings(sources), classes, {
    ...SMALLEST_VIT,
    imageSize: 224,
  });
}

async function refusal(sources: ConfigSources): Promise<ErrorReport> {
  const error: unknown = await trainingConfig(sources).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(KarstError);
  return (error as KarstError).toReport();
}

const loraOf = (rank: number) => ({
  method: 'lora' as const,
  options: { ...lora.options.defaults, rank },
});

describe('settings of a run', () => {
  it('are the defaults when nothing is said', async () => {
    expect(await trainingConfig({})).toEqual(completeConfig(METHOD_DEFAULTS.karst));
  });

  it('are the defaults of the method, unless something else is said', async () => {
    const rateOf = async (sources: ConfigSources) =>
      (await trainingConfig(sources)).optimizer.learningRate;
    for (const method of METHOD_NAMES) {
      const config = await trainingConfig({ set: [`method=${method}`] });
      expect(config, method).toMatchObject(METHOD_DEFAULTS[method]);
    }
    expect(await rateOf({ set: ['method=full', 'lr=0.01'] })).toBe(0.01);
    expect(await rateOf({ preset: 'paper-code', set: ['method=full'] })).toBe(1e-3);
  });

  it('flip where the names of the classes allow it, or as is said', async () => {
    const flips = async (classes: readonly string[], ...set: string[]) =>
      (await trainingConfig({ set }, classes)).augmentation.flip;
    expect(await flips(['rose', 'daisy'])).toBe(METHOD_DEFAULTS.karst.augmentation.flip);
    expect(await flips(['0', '1'])).toBe(false);
    expect(await flips(['0', '1'], 'flip=true')).toBe(true);
    expect(await flips(['rose', 'daisy'], 'flip=false')).toBe(false);
  });

  it('take every preset as it is written', async () => {
    const config = await trainingConfig({ preset: 'paper-code' });
    expect(config.tuning).toEqual({
      method: 'karst',
      options: { ...KARST_DEFAULTS, ...PRESETS['paper-code'].karst },
    });
    expect(config.schedule).toEqual(PRESETS['paper-code'].schedule);
    expect(config.optimizer.beta1).toBe(0.9);
    expect(config.dropPath).toBe(0.1);
  });

  it('let preset, file, options and --set win in this order', async () => {
    const config = await trainingConfig({
      preset: 'paper-code',
      file: file(
        'order.json',
        JSON.stringify({
          karst: { kernels: 4, rank: 4, targetModules: ['attn.qkv'] },
          schedule: { epochs: 7 },
          augmentation: { flip: true },
        }),
      ),
      options: new Map<SettingKey, string | number>([
        ['schedule.epochs', 5],
        ['karst.rank', 2],
        ['method', 'karst'],
      ]),
      set: ['karst.rank=16', 'karst.rank=1', 'karst.targetModules=mlp.fc1, mlp.fc2'],
    });
    expect(config.tuning).toEqual({
      method: 'karst',
      options: {
        ...KARST_DEFAULTS,
        ...PRESETS['paper-code'].karst,
        kernels: 4,
        rank: 1,
        targetModules: ['mlp.fc1', 'mlp.fc2'],
      },
    });
    expect(config.schedule.epochs).toBe(5);
    expect(config.schedule.warmupEpochs).toBe(10);
    expect(config.augmentation.flip).toBe(true);
  });

  it.each([
    ['karst.factor=-1', 'karst.factor', -1],
    ['optimizer.learningRate=1e-3', 'optimizer.learningRate', 0.001],
    ['augmentation.flip=true', 'augmentation.flip', true],
    ['initialize=random', 'initialize', 'random'],
    ['karst.targetModules=attn.qkv', 'karst.targetModules', ['attn.qkv']],
    [' seed = 3 ', 'seed', 3],
    ['optimiser.beta1=0.5', 'optimizer.beta1', 0.5],
    ['augmentation.colourJitter=0.5', 'augmentation.colorJitter', 0.5],
    ['recompute=always', 'gradientCheckpointing', 'always'],
    ['lr=0.5', 'optimizer.learningRate', 0.5],
    ['learningRate=0.5', 'optimizer.learningRate', 0.5],
    ['epochs=3', 'schedule.epochs', 3],
    ['optimizer=muon', 'optimizer.name', 'muon'],
    ['rank=4', 'karst.rank', 4],
  ])('read %s', async (text, key, value) => {
    const config = await trainingConfig({ set: [text] });
    expect(settingValue(allSettings(config), key as SettingKey)).toEqual(value);
  });

  it('are read from a file as a run has them, too', async () => {
    const stored = { ...TRAINING_DEFAULTS, batchSize: 9, tuning: loraOf(3) };
    const path = file('run.json', JSON.stringify(stored));
    expect(await trainingConfig({ file: path })).toEqual(stored);
    const over = await trainingConfig({ file: path, set: ['lora.rank=5'] });
    expect(over.tuning).toEqual(loraOf(5));
    const odd = { tuning: { method: 'lora', rank: 4 } };
    const report = await refusal({ file: file('odd.json', JSON.stringify(odd)) });
    expect(report.message).toMatch(/^There is no setting named "tuning\.rank" in .*odd\.json\.$/);
  });

  it('find a short name among those of the method', async () => {
    const config = await trainingConfig({ set: ['rank=3', 'method=lora'] });
    expect(config.tuning).toEqual({
      method: 'lora',
      options: { ...lora.options.defaults, rank: 3 },
    });
    const report = await refusal({ set: ['method=linear', 'kernels=4'] });
    expect(report).toMatchObject({
      code: 'config-invalid',
      message: 'karst.kernels is a setting of the method karst; the method of this run is linear.',
      hint: 'Leave it out, or choose --method karst.',
    });
  });

  it('are known by one short name of each method and of all methods', () => {
    for (const method of ['karst', 'lora', 'linear', 'full'] as const) {
      const own = SETTING_KEYS.map((key) => SETTINGS[key]).filter(
        (one) => one.method === null || one.method === method,
      );
      const names = own.flatMap(({ shortNames }) => shortNames);
      expect(new Set(names).size, method).toBe(names.length);
    }
  });

  it.each([
    ['karst.rnak=4', 'There is no setting named "karst.rnak".', 'Did you mean karst.rank?'],
    ['learningrate=4', 'There is no setting named "learningrate".', 'Did you mean learningRate?'],
    ['epohcs=4', 'There is no setting named "epohcs".', 'Did you mean epochs?'],
    ['zzz=4', 'There is no setting named "zzz".', '`karst train --help` lists all settings.'],
    ['karst=4', 'There is no setting named "karst".', '`karst train --help` lists all settings.'],
    [
      '__proto__.x=4',
      'There is no setting named "__proto__.x".',
      '`karst train --help` lists all settings.',
    ],
    ['karst.rank', '"karst.rank" is not a setting: --set takes key=value.', 'lr=0.001'],
    [
      'karst.rank=many',
      'karst.rank must be a whole number from 1 to 1,024, or 0 for one by the width of each stage, not "many".',
      'Its default is 8.',
    ],
    [
      'karst.rank=',
      'karst.rank must be a whole number from 1 to 1,024, or 0 for one by the width of each stage, not "".',
      'Its default is 8.',
    ],
    [
      'karst.rank=Infinity',
      'karst.rank must be a whole number from 1 to 1,024, or 0 for one by the width of each stage, not Infinity.',
      'Its default is 8.',
    ],
    ['augmentation.flip=1', 'augmentation.flip must be true or false, not "1".', 'Its default is'],
    ['method=other', `method must be one of ${METHOD_NAMES.join(', ')}, not "other".`, '"karst"'],
    [
      'karst.targetModules=attn.qkv,attn.k',
      'karst.targetModules must be a list of attn.qkv, attn.proj, mlp.fc1, mlp.fc2, each at most once, not ["attn.qkv","attn.k"].',
      'attn.proj',
    ],
  ])('refuse --set %s', async (assignment, message, hint) => {
    const report = await refusal({ set: [assignment] });
    expect(report.code).toBe('config-invalid');
    expect(report.message).toBe(message);
    expect(report.hint).toContain(hint);
  });

  it('refuse an unknown preset by the nearest', async () => {
    const report = await refusal({ preset: 'compct' });
    expect(report).toMatchObject({
      code: 'config-invalid',
      message: 'There is no preset named "compct".',
      hint: 'Did you mean compact? Presets: standard, paper-code, compact.',
    });
    expect((await refusal({ preset: 'toString' })).code).toBe('config-invalid');
  });

  it.each([
    ['broken.json', '{"karst": ', 'is not JSON'],
    ['list.json', '[1]', 'does not hold a JSON object'],
    ['unknown.json', '{"karst": {"rnk": 4}}', 'There is no setting named "karst.rnk" in'],
    [
      'type.json',
      '{"karst": {"rank": "4"}}',
      'must be a whole number from 1 to 1,024, or 0 for one by the width of each stage, not "4"',
    ],
    [
      'null.json',
      '{"seed": null}',
      'must be a whole number from 0 to 9,007,199,254,740,991, not null',
    ],
    [
      'group.json',
      '{"karst": {"rank": {"a": 1}}}',
      'must be a whole number from 1 to 1,024, or 0 for one by the width of each stage, not an object',
    ],
    [
      'huge.json',
      `{"seed": "${'9'.repeat(1e6)}"}`,
      'must be a whole number from 0 to 9,007,199,254,740,991, not "999',
    ],
    ['members.json', '{"karst": {"targetModules": [[1]]}}', 'not such a list'],
    // Nested deeper than the call stack allows.
    ['deep.json', '{"karst":'.repeat(50_000) + '1' + '}'.repeat(50_000), 'named "karst.karst"'],
    ['deeper.json', `{"seed":${'['.repeat(50_000)}${']'.repeat(50_000)}}`, 'not such a list'],
    ['deep.json', '{"seed": {"a": 1}}', 'There is no setting named "seed.a" in'],
    ['proto.json', '{"__proto__": {"x": 1}}', 'There is no setting named "__proto__.x" in'],
  ])('refuse the file %s and name it', async (name, content, message) => {
    const target = file(name, content);
    const report = await refusal({ file: target });
    expect(report).toMatchObject({ code: 'config-invalid', path: target });
    expect(report.message).toContain(message);
    expect(report.message).toContain(target);
  });

  it('refuse a file that is not there', async () => {
    const target = path.join(folder, 'none.json');
    expect(await refusal({ file: target })).toMatchObject({ code: 'not-found', path: target });
  });

  it('are all in the help, with every name, default, limits and explanation', () => {
    const help = settingsHelp();
    for (const key of SETTING_KEYS) {
      expect(help).toContain(`\n  ${key}`);
      expect(help).toContain(SETTINGS[key].help);
    }
    expect(help).toMatch(
      /^ {2}optimizer\.learningRate, lr, learningRate +default .+ \(.+\); a number above 0, at most 10$/m,
    );
    expect(help).toContain(`${METHOD_DEFAULTS.karst.optimizer.learningRate} (karst`);
    expect(help).toContain('; on backbones of at most 64 pixels 0.01 (karst, lora, dora');
    expect(help).toContain('0.03 (bitfit, lntune, linear)');
    expect(help).toContain('; on backbones with LayerScale 0.004 (karst), 0.003 (lora, dora)');
    expect(help).toMatch(
      /^ {2}karst\.factor, factor +default 8; on backbones with LayerScale 4; a whole/m,
    );
    expect(help).toMatch(
      /^ {2}karst\.alpha, alpha +default 8; on backbones of at most 64 pixels 32; /m,
    );
    expect(help).toMatch(
      /^ {2}checkpointEverySeconds +default 60 seconds; a number from 1 to 1,000,000,000$/m,
    );
  });
});
