import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { childEngineSpawner } from '../../../main/host/engine/child-engine.ts';
import { studioHome } from '../../../main/host/home.ts';
import { crashError } from '../../../main/host/engine/crash.ts';
import { validateTrainingConfig } from '../../../main/host/services/training-config.ts';
import type { EngineExit } from '../../../main/host/contract/engine.ts';
import {
  PRESETS,
  TRAINING_DEFAULTS,
  type TrainingConfig,
} from '../../../shared/domain/training.ts';
import { ARCHITECTURE, refusal, temporaryFolder } from './support.ts';
import { KARST_DEFAULTS } from '../../../shared/methods/karst.ts';
import { METHOD_NAMES } from '../../../shared/methods/registry.ts';
import { completeConfig } from '../../../shared/training/config.ts';

describe('the reason of a crash', () => {
  const exit = (e: Partial<EngineExit>): EngineExit => ({
    code: null,
    signal: null,
    stderrTail: '',
    ...e,
  });

  it('is memory when the kernel counts a kill, or the engine says so', () => {
    expect(crashError(exit({ signal: 'SIGKILL' }), 1, null)).toMatchObject({
      code: 'out-of-memory',
    });
    const said = crashError(
      exit({ signal: 'SIGABRT', stderrTail: 'terminate called\n  what():  std::bad_alloc\nmore' }),
      0,
      null,
    );
    expect(said).toMatchObject({ code: 'out-of-memory' });
    expect(said.message).toContain('std::bad_alloc');
    expect(said.hint).toContain('smaller batch');
  });

  it('is named with signal or exit code, the last words and the log', () => {
    const killed = crashError(exit({ signal: 'SIGKILL' }), 0, '/r/log.txt');
    expect(killed).toMatchObject({ code: 'engine-crashed', path: '/r/log.txt' });
    expect(killed.message).toContain('most likely ran out of memory');
    const segv = crashError(
      exit({
        signal: 'SIGSEGV',
        stderrTail: 'Error: bad\n    at x (y.ts:1)\n\nNode.js v24.21.0\n',
      }),
      0,
      null,
    );
    expect(segv.message).toBe('The engine crashed: it was ended by SIGSEGV (Error: bad).');
    const unknown = crashError(exit({ signal: 'SIGILL' }), 0, '/r/log.txt');
    expect(unknown).toMatchObject({ code: 'engine-crashed', path: '/r/log.txt' });
    expect(unknown.hint).toContain('KARST_KERNELS=avx2');
    const mapped = crashError(exit({ signal: 'SIGBUS' }), 0, '/r/log.txt');
    expect(mapped).toMatchObject({ code: 'engine-crashed', path: '/r/log.txt' });
    expect(mapped.message).toContain('their disk is full or failing');
    expect(mapped.hint).toMatch(/resume the run .* The log is \/r\/log\.txt\.$/);
    expect(crashError(exit({ code: 3 }), 0, null).message).toBe(
      'The engine crashed: it ended by itself with the exit code 3.',
    );
  });
});

describe('an engine as a child process', () => {
  const script = (source: string): string => {
    const path = join(temporaryFolder(), 'engine.mjs');
    writeFileSync(path, source);
    return path;
  };

  it('passes messages with typed arrays, logs its output and tells its exit once and for all', async () => {
    const entry = script(`
      process.on('message', (m) => {
        console.log('out ' + process.env.GREETING);
        console.error('err');
        process.send({ got: m, bytes: new Uint8Array([1, 2]) }, () => process.exit(5));
      });`);
    const logFile = join(temporaryFolder(), 'log.txt');
    const engine = childEngineSpawner(entry)({ env: { GREETING: 'hello' }, logFile });
    const messages: unknown[] = [];
    engine.onEvent((raw) => messages.push(raw));
    engine.send({ type: 'pause' });
    const exit = await new Promise<EngineExit>((resolve) => engine.onExit(resolve));
    expect(exit).toEqual({ code: 5, signal: null, stderrTail: 'err\n' });
    expect(messages).toEqual([{ got: { type: 'pause' }, bytes: new Uint8Array([1, 2]) }]);
    expect(readFileSync(logFile, 'utf8')).toContain('out hello');
    engine.send({ type: 'stop' });
    expect(await new Promise((resolve) => engine.onExit(resolve))).toEqual(exit);
  });

  it('keeps the end of a long error output', async () => {
    const engine = childEngineSpawner(
      script(`console.error('x'.repeat(100000) + 'the end'); process.exit(1)`),
    )({ env: {}, logFile: null });
    const { stderrTail } = await new Promise<EngineExit>((resolve) => engine.onExit(resolve));
    expect(stderrTail).toHaveLength(8192);
    expect(stderrTail.endsWith('the end\n')).toBe(true);
  });

  it('refuses a log that cannot be written before it starts anything', async () => {
    const logFile = join(temporaryFolder(), 'no', 'log.txt');
    await refusal(() => childEngineSpawner(script(''))({ env: {}, logFile }), 'not-writable');
  });
});

describe('training settings', () => {
  const check = (change: object): TrainingConfig =>
    validateTrainingConfig({ ...TRAINING_DEFAULTS, ...change }, ARCHITECTURE);

  const karst = (change: object): object => ({
    tuning: { method: 'karst', options: { ...KARST_DEFAULTS, ...change } },
  });

  it('take the defaults and every preset', () => {
    expect(check({})).toEqual(TRAINING_DEFAULTS);
    for (const preset of Object.values(PRESETS)) {
      expect(check(completeConfig(preset))).toEqual(completeConfig(preset));
    }
  });

  it.each<[object, string]>([
    [{ batchSize: 1.5 }, '"batchSize" is 1.5; it must be a whole number from 1 to 65,536'],
    [{ batchSize: NaN }, '"batchSize" is NaN; it must be a whole number'],
    [{ dropPath: 1 }, '"dropPath" is 1; it must be a number from 0 to below 1'],
    [{ patchDrop: 0.95 }, '"patchDrop" is 0.95; it must be a number from 0 to 0.9'],
    [
      { tuning: { method: 'prompt', options: {} } },
      `"method" is "prompt"; it must be one of ${METHOD_NAMES.join(', ')}`,
    ],
    [karst({ factor: 0 }), '"karst.factor" is 0'],
    [karst({ targetModules: [] }), '"karst.targetModules" is []'],
    [karst({ targetModules: ['attn.qkv', 'attn.qkv'] }), 'each at most once'],
    [karst({ dropout: 0.5 }), 'There is no setting "karst.dropout"'],
    [{ tuning: { method: 'linear', options: { rank: 4 } } }, 'There is no setting "linear.rank"'],
    [
      { optimizer: { ...TRAINING_DEFAULTS.optimizer, learningRate: 0 } },
      '"optimizer.learningRate" is 0; it must be a number above 0',
    ],
    [{ batchsize: 8 }, 'There is no setting "batchsize"'],
    [{ seed: undefined }, '"seed" is missing'],
    [{ imageSize: 20 }, "a multiple of the backbone's patch size, 8"],
    [{ initialize: 'random' }, 'only the method "full"'],
    [
      { optimizer: { ...TRAINING_DEFAULTS.optimizer, name: 'muon' } },
      '"optimizer.name" is "muon" with the method "karst"',
    ],
    [
      { schedule: { ...TRAINING_DEFAULTS.schedule, epochs: 2, warmupEpochs: 3 } },
      'must be at most "schedule.epochs", 2.',
    ],
  ])('refuse %j', async (change, sentence) => {
    expect((await refusal(() => check(change), 'config-invalid')).message).toContain(sentence);
  });
});

describe('the home', () => {
  it('is the option, KARST_HOME, or the platform’s folder for application data', () => {
    const env = { HOME: '/h', KARST_HOME: '/k', APPDATA: 'C:\\d', XDG_DATA_HOME: '/x' };
    const rest = { ...env, KARST_HOME: undefined };
    expect(studioHome('/o', env, 'linux')).toBe('/o');
    expect(studioHome(undefined, env, 'linux')).toBe('/k');
    expect(studioHome(undefined, rest, 'linux')).toBe('/x/karst-studio');
    expect(studioHome(undefined, { HOME: '/h', XDG_DATA_HOME: 'relative' }, 'linux')).toBe(
      '/h/.local/share/karst-studio',
    );
    expect(studioHome(undefined, rest, 'darwin')).toBe(
      '/h/Library/Application Support/karst-studio',
    );
  });
});
