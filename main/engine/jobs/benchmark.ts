import * as v from 'valibot';
import type { BenchmarkJob } from '../../../shared/contract/engine/jobs.ts';
import type { BenchmarkResult } from '../../../shared/contract/engine/results.ts';
import { imageShape } from '../model/model.ts';
import type { ImageBatch } from '../data/batch-source.ts';
import { sizeOf, type StaticShape } from '../../graph/tensor.ts';
import { randomStream } from '../random.ts';
import { ModelState } from '../programs/model-state.ts';
import { dropsPatches } from '../train/noise.ts';
import { prepareTraining } from '../train/prepare.ts';
import { makeUpdate, targetSet, type UpdateParts } from '../train/update.ts';
import { taskNamed } from '../../tasks/registry.ts';
import type { JobChannel } from './channel.ts';

/** Timed validation batches, after the first, which compiles. */
const VALIDATION_BATCHES = 3;

/** Times the updates of a run with these settings on random images; writes nothing. */
export async function benchmark(job: BenchmarkJob, channel: JobChannel): Promise<BenchmarkResult> {
  const { config, classes } = job;
  const task = taskNamed(job.task);
  const began = performance.now();
  channel.progress('loading', 0, 1);
  const { model, session, featureExtractor, groups, noise, initial } = await prepareTraining(
    job.backbone,
    config,
    { task, classes },
    channel.runtime,
    job.checkpointedBlocks,
  );
  try {
    await new ModelState(session, groups).set(initial, null);
    channel.progress('loading', 1, 1);
    const group = Array.from({ length: config.accumulate }, (_, i) =>
      noiseBatch(config.batchSize, model.input, i),
    );
    const targets = Array.from({ length: config.batchSize }, (_, i) =>
      v.parse(task.spec.target, { labels: [i % classes] }),
    );
    const parts: UpdateParts = {
      session,
      noise,
      config,
      task,
      targets: targetSet(task, targets, classes, config),
    };
    const { epochs } = config.schedule;
    // Epochs on all patches take longer than those that drop some; most runs have only one kind.
    const kinds = [0, epochs - 1].filter(
      (epoch, i) => i === 0 || dropsPatches(config, epoch) !== dropsPatches(config, 0),
    );
    const total = kinds.length * (job.steps + 1) + VALIDATION_BATCHES + 1;
    let done = 0;
    let startSeconds = 0;
    const timed = async (work: () => Promise<unknown>, count: number): Promise<number> => {
      const seconds: number[] = [];
      for (let i = 0; i <= count; i++) {
        await channel.throwIfCancelled();
        if (i === 0) channel.progress('compiling', done, total);
        const started = performance.now();
        await work();
        if (i > 0) seconds.push((performance.now() - started) / 1000);
        channel.progress('measuring', ++done, total);
      }
      return median(seconds);
    };
    const secondsOf: number[] = [];
    for (const epoch of kinds) {
      let step = 0;
      const update = async (): Promise<void> => {
        await makeUpdate(parts, group, { epoch, batch: 0, step, learningRate: 0 });
        step += 1;
        if (startSeconds === 0) startSeconds = (performance.now() - began) / 1000;
      };
      secondsOf.push(await timed(update, job.steps));
    }
    // With cached features this is a batch of the single feature pass; validating on them takes
    // negligible time.
    const images = noiseBatch(config.batchSize, imageShape(model.architecture), 0).pixels;
    const secondsPerValidationBatch = await timed(
      () =>
        featureExtractor === null
          ? session.run('evaluate', { images })
          : featureExtractor.run('features', { images }),
      VALIDATION_BATCHES,
    );
    const dropping = Array.from({ length: epochs }, (_, epoch) => dropsPatches(config, epoch));
    const share = dropping.filter((drops) => drops === dropping[0]).length / epochs;
    const [first = 0, other = first] = secondsOf;
    return {
      kind: 'benchmark',
      device: channel.runtime.device,
      secondsPerStep: share * first + (1 - share) * other,
      secondsPerValidationBatch,
      startSeconds,
      // maxRSS is in kilobytes on every platform.
      peakBytes: process.resourceUsage().maxRSS * 1024,
    };
  } finally {
    await session.dispose();
    await featureExtractor?.dispose();
  }
}

/** @param shape of one row */
function noiseBatch(size: number, shape: StaticShape, number: number): ImageBatch {
  const stream = randomStream(0, 'benchmark', number);
  return {
    pixels: Float32Array.from({ length: size * sizeOf(shape) }, () => stream.normal()),
    indices: Int32Array.from({ length: size }, (_, i) => i),
    count: size,
    partners: Int32Array.from({ length: size }, (_, i) => i),
    lambda: 1,
    problems: [],
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle) - 1] ?? 0)) / 2;
}
