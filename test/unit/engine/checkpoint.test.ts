import { appendFile, mkdir, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CheckpointStore, type TrainingState } from '../../../main/engine/train/checkpoint.ts';
import type { NamedTensors } from '../../../main/engine/programs/model-state.ts';
import { StepLog } from '../../../main/engine/train/step-log.ts';
import type { MetricRecord } from '../../../shared/domain/metrics.ts';
import type { Evaluation } from '../../../shared/domain/metrics.ts';

let runDir: string;
let store: CheckpointStore;
beforeEach(async () => {
  runDir = await mkdtemp(join(tmpdir(), 'karst-checkpoints-'));
  store = new CheckpointStore(runDir);
});
afterEach(() => rm(runDir, { recursive: true }));

const state = (step: number, best: number | null = null): TrainingState => ({
  version: 1,
  step,
  epoch: 1,
  batch: step % 5,
  best: best === null ? null : { step: best, epoch: 1, top1: 0.5, loss: 1 },
  epochsWithoutBest: 0,
  seconds: 12.5,
});
const tensors = (value: number): NamedTensors =>
  new Map([['head.weight', { shape: [2, 2], values: Float32Array.of(value, 1, 2, 3) }]]);
const save = (step: number, best: number | null = null): Promise<string> =>
  store.save(state(step, best), tensors(step), tensors(-step));
const EVALUATION = { n: 4, top1: 0.5 } as Evaluation;
const present = async (): Promise<string[]> => (await readdir(store.folder)).sort();
const file = (folder: string, name: string): string => join(store.folder, folder, name);

async function newest() {
  const damaged: string[] = [];
  const found = await store.newest((path, reason) => damaged.push(`${path}: ${reason}`));
  return { found, damaged };
}

describe('checkpoints', () => {
  it('come back as they were saved, the newest by number', async () => {
    for (const step of [2, 10, 9]) await save(step, 2);
    const { found, damaged } = await newest();
    expect(damaged).toEqual([]);
    expect(found?.path).toBe(join(store.folder, 'step-10'));
    expect(found?.state).toEqual(state(10, 2));
    expect(found?.adapter).toEqual(new Map([['head.weight', Float32Array.of(10, 1, 2, 3)]]));
    expect(found?.optimizer).toEqual(new Map([['head.weight', Float32Array.of(-10, 1, 2, 3)]]));
    expect((await readdir(found?.path ?? '')).sort()).toEqual([
      'COMPLETE',
      'adapter.safetensors',
      'optimizer.safetensors',
      'state.json',
    ]);
  });

  it('are none in a new run', async () => {
    expect(await newest()).toEqual({ found: null, damaged: [] });
  });

  const damages: [string, RegExp, (folder: string) => Promise<void>][] = [
    [
      'a truncated tensor file',
      /adapter\.safetensors has \d+ bytes, not \d+/,
      (f) => truncate(file(f, 'adapter.safetensors'), 20),
    ],
    ['a changed state', /state\.json has \d+ bytes/, (f) => appendFile(file(f, 'state.json'), ' ')],
    ['a changed byte', /contents of optimizer\.safetensors have changed/, flipLastByte],
    [
      'a missing file',
      /optimizer\.safetensors is missing/,
      (f) => rm(file(f, 'optimizer.safetensors')),
    ],
    ['no marker', /COMPLETE marker cannot be read/, (f) => rm(file(f, 'COMPLETE'))],
    ['half a marker', /COMPLETE marker cannot be read/, (f) => truncate(file(f, 'COMPLETE'), 30)],
  ];
  it.each(damages)('with %s are passed over, and named', async (_, reason, damage) => {
    await save(4);
    await save(8);
    await damage('step-8');
    const { found, damaged } = await newest();
    expect(found?.state.step).toBe(4);
    expect(damaged).toHaveLength(1);
    expect(damaged[0]).toContain(join(store.folder, 'step-8'));
    expect(damaged[0]).toMatch(reason);
  });

  it('that are all damaged end the resumption with a sentence', async () => {
    for (const step of [4, 8]) {
      await save(step);
      await truncate(file(`step-${String(step)}`, 'adapter.safetensors'), 9);
    }
    await expect(store.newest(() => undefined)).rejects.toMatchObject({
      code: 'checkpoint-invalid',
      path: store.folder,
    });
  });

  it.each(damages)('with %s are made anew by a save of the same step', async (_, __, damage) => {
    await save(8);
    await damage('step-8');
    await save(8);
    expect((await newest()).found?.state.step).toBe(8);
  });

  it('are not taken from what a killed process left half written', async () => {
    await save(4);
    await mkdir(join(store.folder, '.step-8.0123456789ab.tmp'));
    await writeFile(join(store.folder, '.step-8.0123456789ab.tmp', 'state.json'), '{');
    const { found, damaged } = await newest();
    expect([found?.state.step, damaged]).toEqual([4, []]);
  });

  it('are pruned to the newest, with the best adapters that these name', async () => {
    for (const step of [5, 10, 15]) await store.saveBest(step, tensors(step), EVALUATION);
    await save(5, 5);
    await save(10, 10);
    await save(12, 10);
    await save(17, 15);
    await store.prune(2, state(17, 15).best);
    expect(await present()).toEqual(['best-10', 'best-15', 'step-12', 'step-17']);
    await store.prune(0, null);
    expect(await present()).toEqual(['best-15', 'step-17']);
  });

  it('whose state cannot be read count for nothing when the others are pruned', async () => {
    for (const step of [4, 8, 12]) await save(step);
    await truncate(file('step-12', 'state.json'), 3);
    await store.prune(2, null);
    expect(await present()).toEqual(['step-4', 'step-8']);
  });

  it('after a step are discarded, best adapters kept', async () => {
    await store.saveBest(10, tensors(1), EVALUATION);
    for (const step of [4, 8, 12]) await save(step);
    await store.discardAfter(8);
    expect(await present()).toEqual(['best-10', 'step-4', 'step-8']);
  });

  it('of the best adapter come with its evaluation, or with what is wrong', async () => {
    await store.saveBest(5, tensors(7), EVALUATION);
    const best = await store.loadBest(5);
    expect(best.evaluation).toEqual(EVALUATION);
    expect(best.adapter.get('head.weight')?.[0]).toBe(7);
    await truncate(file('best-5', 'adapter.safetensors'), 9);
    await expect(store.loadBest(5)).rejects.toMatchObject({ code: 'checkpoint-invalid' });
  });
});

async function flipLastByte(folder: string): Promise<void> {
  const path = file(folder, 'optimizer.safetensors');
  const { open } = await import('node:fs/promises');
  const handle = await open(path, 'r+');
  const { size } = await handle.stat();
  await handle.write(Uint8Array.of(0x41), 0, 1, size - 1);
  await handle.close();
}

describe('the metrics of a run', () => {
  const path = (): string => join(runDir, 'metrics.jsonl');
  const validation = (step: number): MetricRecord => ({
    kind: 'validation',
    step,
    epoch: 1,
    loss: 1 / 3,
    top1: 0.1,
    best: true,
  });
  const read = async (): Promise<string> => {
    const { readFile } = await import('node:fs/promises');
    return readFile(path(), 'utf8');
  };

  /** Truncates the log and returns the reported damaged lines. */
  const truncated = async (log: StepLog<MetricRecord>, step: number): Promise<number[][]> => {
    const told: number[][] = [];
    await log.truncateAfter(step, (lines) => told.push([...lines]));
    return told;
  };

  it('lose what came after a step and half a last line, and go on behind it', async () => {
    const log = new StepLog<MetricRecord>(path());
    for (const step of [1, 2, 3, 4]) await log.append(validation(step));
    await appendFile(path(), '{"kind":"validation","step":2,"ep');
    expect(await truncated(log, 2)).toEqual([]);
    await log.append(validation(3));
    const wanted = [1, 2, 3].map((step) => `${JSON.stringify(validation(step))}\n`).join('');
    expect(await read()).toBe(wanted);
  });

  it('lose whole lines that are no records, which are told of', async () => {
    const log = new StepLog<MetricRecord>(path());
    await log.append(validation(1));
    await appendFile(path(), '\u0000\u0000\u0000\n[3]\n\n{"step":"two"}\nnull\n');
    await log.append(validation(2));
    await log.append(validation(9));
    expect(await truncated(log, 5)).toEqual([[2, 3, 5, 6]]);
    const wanted = [1, 2].map((step) => `${JSON.stringify(validation(step))}\n`).join('');
    expect(await read()).toBe(wanted);
    expect(await truncated(log, 5)).toEqual([]);
  });

  it('may be nothing but half a line, or not there yet', async () => {
    const log = new StepLog<MetricRecord>(path());
    expect(await truncated(log, 5)).toEqual([]);
    expect(await read()).toBe('');
    await writeFile(path(), '{"kind":');
    expect(await truncated(log, 5)).toEqual([]);
    expect(await read()).toBe('');
  });

  it('are refused in words where the file cannot be written', async () => {
    const log = new StepLog<MetricRecord>(join(runDir, 'gone', 'metrics.jsonl'));
    await expect(log.append(validation(1))).rejects.toMatchObject({
      code: 'not-writable',
      path: log.path,
    });
  });
});
