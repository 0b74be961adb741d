import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  EngineEvent,
  FileAnswer,
  HostMessage,
} from '../../../shared/contract/engine/messages.ts';
import type { InteractivePredictJob } from '../../../shared/contract/engine/jobs.ts';
import type { ManifestImage } from '../../../shared/domain/dataset.ts';
import type { Prediction } from '../../../shared/domain/metrics.ts';
import { EngineProcess, runProcess } from '../../fixtures/engine/engine-process.ts';
import { perform } from '../../fixtures/engine/in-process.ts';
import { about, CLASSES, configured, TestBed } from '../../fixtures/engine/test-bed.ts';

let testBed: TestBed;
let images: ManifestImage[];
let job: InteractivePredictJob;
/** Predictions of the same adapter by the job `predict`, on the interpreter. */
let expected: Map<string, readonly Prediction[]>;

beforeAll(async () => {
  testBed = await TestBed.open();
  images = await testBed.images({ train: 20, val: 0 });
  const trained = await testBed.run(
    images,
    configured({ schedule: { epochs: 1, warmupEpochs: 0 } }),
  );
  const { cacheDir } = testBed;
  await perform(trained, { cacheDir });
  const { adapterDir, backbone } = trained;
  job = { kind: 'interactive-predict', adapterDir, backbone };
  const paths = images.map((image) => image.path);
  const { events } = await perform(
    { kind: 'predict', adapterDir, backbone, paths, top: 3, batchSize: 4 },
    { cacheDir },
  );
  expected = predictionsIn(events);
});
afterAll(() => testBed.remove());

function predictionsIn(events: readonly EngineEvent[]): Map<string, readonly Prediction[]> {
  return new Map(events.flatMap((e) => (e.type === 'prediction' ? [[e.path, e.predictions]] : [])));
}

const question = (id: number, paths: readonly string[], top = 3) =>
  ({ type: 'question', id, paths, top }) as const satisfies HostMessage;

function answersIn(events: readonly EngineEvent[]): Map<number, readonly FileAnswer[]> {
  return new Map(events.flatMap((e) => (e.type === 'answer' ? [[e.id, e.answers]] : [])));
}

function predictions(answer: FileAnswer | undefined): readonly Prediction[] {
  if (answer === undefined || !('predictions' in answer)) throw new Error('no prediction');
  return answer.predictions;
}

/** Predictions of `predict`, up to the rounding of a different batch size. */
const like = (path: string, count: number): Prediction[] =>
  (expected.get(path) ?? []).slice(0, count).map(({ label, probability }) => ({
    label,
    probability: about(probability, 5),
  }));

/** Asks the questions in the test's process, then stops the job. */
async function asked(...questions: readonly ReturnType<typeof question>[]) {
  const { events, result } = await perform(job, {
    cacheDir: testBed.cacheDir,
    onChannel: (channel) => {
      for (const one of questions) channel.receive(one);
    },
    onEvent: (event, channel) => {
      if (event.type === 'answer' && event.id === questions.at(-1)?.id) channel.control('stop');
    },
  });
  expect(result).toEqual({ kind: 'interactive-predict' });
  return answersIn(events);
}

describe('an engine that answers questions', () => {
  it('says of one file, and of many, what a prediction says', async () => {
    const paths = images.map((image) => image.path);
    const answers = await asked(question(1, paths.slice(0, 1)), question(2, paths, 2));
    expect(answers.get(1)?.map(predictions)).toEqual([like(paths[0] ?? '', 3)]);
    expect(answers.get(2)?.map(predictions)).toEqual(paths.map((path) => like(path, 2)));
  });

  it('answers in order, with a reason for each file that cannot be read', async () => {
    const broken = join(testBed.folder, 'broken.png');
    await writeFile(broken, 'no picture');
    const none = join(testBed.folder, 'none.png');
    const [a = '', b = ''] = images.map((image) => image.path);
    const mixed = [broken, a, none, b, testBed.folder, a];
    const answers = await asked(
      question(7, [broken]),
      question(8, mixed),
      question(9, []),
      question(10, [b], 1),
    );
    expect([...answers.keys()]).toEqual([7, 8, 9, 10]);
    const codes = answers.get(8)?.map((x) => ('error' in x ? x.error.code : null));
    expect(codes).toEqual(['format-unknown', null, 'not-found', null, 'not-readable', null]);
    expect(predictions(answers.get(8)?.[1])).toEqual(like(a, 3));
    expect(predictions(answers.get(8)?.[3])).toEqual(like(b, 3));
    expect(predictions(answers.get(8)?.[5])).toEqual(predictions(answers.get(8)?.[1]));
    expect(answers.get(7)).toMatchObject([{ error: { code: 'format-unknown', path: broken } }]);
    expect(answers.get(9)).toEqual([]);
    expect(predictions(answers.get(10)?.[0])).toEqual(like(b, 1));
  });

  it('ends with an error when it is suspended', async () => {
    const work = perform(job, {
      cacheDir: testBed.cacheDir,
      onEvent: (event, channel) => {
        if (event.type === 'progress' && event.done === 1) channel.control('suspend');
      },
    });
    await expect(work).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('as a process on TensorFlow', () => {
  it('takes a question before it is ready, stays for the next, and ends when told to', async () => {
    const paths = images.map((image) => image.path);
    const { adapterDir, backbone } = job;
    const { cacheDir } = testBed;
    const reference = await runProcess(
      { kind: 'predict', adapterDir, backbone, paths, top: 3, batchSize: 8 },
      cacheDir,
      { native: true },
    );
    const native = predictionsIn(reference.events);
    expect(native.size).toBe(paths.length);

    const engine = new EngineProcess({ native: true });
    engine.start(job, cacheDir);
    engine.send(question(1, paths.slice(0, 1)));
    await engine.heard((event) => event.type === 'answer' && event.id === 1);
    engine.send(question(2, paths));
    await engine.heard((event) => event.type === 'answer' && event.id === 2);
    engine.send({ type: 'stop' });
    expect(await engine.ended()).toEqual({ code: 0, signal: null });
    expect(engine.outcome()).toEqual({ type: 'done', result: { kind: 'interactive-predict' } });
    const answers = answersIn(engine.events);
    for (const [i, path] of paths.entries()) {
      const wanted = (native.get(path) ?? []).map(({ label, probability }) => ({
        label,
        probability: about(probability, 5),
      }));
      expect(wanted.map(({ label }) => label).sort()).toEqual([...CLASSES].sort());
      expect(predictions(answers.get(2)?.[i])).toEqual(wanted);
      if (i === 0) expect(predictions(answers.get(1)?.[0])).toEqual(wanted);
    }
  });

  it('ends by itself when the host is gone', async () => {
    const engine = new EngineProcess({ native: true });
    engine.start(job, testBed.cacheDir);
    await engine.heard((event) => event.type === 'progress' && event.done === 1);
    expect((await engine.left()).signal).toBe(null);
  });
});
