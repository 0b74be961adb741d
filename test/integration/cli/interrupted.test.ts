import path from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyBackbone } from '../../fixtures/tiny-backbone.ts';
import { answer, karst, refusal, someDigits, start, workplace } from './karst.ts';
import { adapterShown, done, errorDocument, run, runShown, trainEvent } from './schemas.ts';

let home: string;
let remove: () => Promise<void>;
const at = (...args: string[]) => [...args, '--home', home];
const train = (name: string, ...args: string[]) =>
  at('train', '--backbone', 'tiny', '--dataset', 'some', '--name', name, ...args);

beforeAll(async () => {
  let folder: string;
  ({ folder, remove } = await workplace());
  home = path.join(folder, 'home');
  const images = path.join(folder, 'digits');
  someDigits(images, 3, 20);
  const weights = await writeTinyBackbone(path.join(folder, 'tiny'));
  await karst(at('backbone', 'add', weights, '--name', 'tiny'));
  await karst(at('dataset', 'add', images, '--name', 'some', '--val', '0.25'));
});
afterAll(() => remove());

function events(out: string): v.InferOutput<typeof trainEvent>[] {
  return out
    .trimEnd()
    .split('\n')
    .map((line) => v.parse(trainEvent, JSON.parse(line)));
}

/**
 * Timeout for two trainings and the commands issued meanwhile; their duration depends on the
 * machine.
 */
const PATIENCE = 900_000;

describe('an interrupted training', () => {
  it(
    'suspends at Ctrl-C, says how to go on, and goes on',
    async () => {
      const running = start([...train('long', '--epochs', '2000'), '--json']);
      await running.line((line) => line.includes('"kind":"validation"'));
      running.interrupt();
      const { code, out, error } = await running.outcome;
      expect(code).toBe(1);
      const last = v.parse(errorDocument, JSON.parse(out.trimEnd().split('\n').at(-1) ?? ''));
      expect(last.error.code).toBe('cancelled');
      expect(last.error.message).toMatch(/^long is interrupted at step \d+\.$/);
      expect(last.error.hint).toContain(`karst runs resume long --home ${home}`);
      expect(error).toContain(
        'Interrupted: writing a checkpoint. Press Ctrl-C again to quit immediately.',
      );
      const suspended = await answer(runShown, at('runs', 'show', 'long'));
      expect(suspended.state).toBe('interrupted');
      expect(suspended.checkpointStep).toBeGreaterThan(0);

      // The run would take long: another process asks it to stop and keep its best checkpoint.
      const resumed = start([...at('runs', 'resume', 'long'), '--json']);
      await resumed.line((line) => line.includes('"kind":"train"'));
      expect((await answer(run, at('runs', 'stop', 'long'))).id).toBe(suspended.id);
      const end = await resumed.outcome;
      expect(end.code, end.out + end.error).toBe(0);
      const all = events(end.out);
      const steps = all.flatMap((e) => (e.event === 'metrics' ? [e.step] : []));
      expect(Math.min(...steps)).toBeGreaterThan(suspended.checkpointStep ?? Number.NaN);
      expect(v.parse(done, all.at(-1)).run).toBe(suspended.id);
      const stopped = await answer(runShown, at('runs', 'show', 'long'));
      expect(stopped.state).toBe('stopped');

      // An ended run cannot be resumed, only extended by more epochs.
      expect(await refusal(at('runs', 'resume', 'long'))).toMatchObject({ code: 'run-state' });
      const more = await karst([...at('runs', 'extend', 'long', '--epochs', '1'), '--json']);
      expect(more.code, more.out + more.error).toBe(0);
      const added = events(more.out);
      const next = added.find((e) => e.event === 'metrics');
      expect(next).toMatchObject({ kind: 'train', step: stopped.step + 1 });
      const made = v.parse(done, added.at(-1));
      expect(made.run).toBe(stopped.id);
      expect(made.adapter).not.toBe(stopped.adapterId);
      expect(await answer(adapterShown, at('adapter', 'show', made.adapter))).toMatchObject({
        name: 'long-2',
        runId: stopped.id,
      });
    },
    PATIENCE,
  );

  it(
    'is ended where it is, with the best adapter it has',
    async () => {
      const running = start([...train('brief', '--epochs', '2000'), '--json']);
      await running.line((line) => line.includes('"kind":"validation"'));
      running.interrupt();
      await running.outcome;
      const left = await answer(runShown, at('runs', 'show', 'brief'));
      expect(left.state).toBe('interrupted');
      const ended = await karst([...at('runs', 'stop', 'brief'), '--json']);
      expect(ended.code, ended.out + ended.error).toBe(0);
      const all = events(ended.out);
      expect(all.some((e) => e.event === 'metrics' && e.kind === 'train')).toBe(false);
      const { adapter: made } = v.parse(done, all.at(-1));
      const shown = await answer(runShown, at('runs', 'show', 'brief'));
      expect(shown).toMatchObject({ state: 'stopped', step: left.step, adapterId: made });
    },
    PATIENCE,
  );
});
