import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { trainingProgram } from '../../../main/engine/programs/training.ts';
import type { BenchmarkJob, TrainJob } from '../../../shared/contract/engine/jobs.ts';
import { readAllFloat32 } from '../../../main/formats/safetensors.ts';
import { runProcess } from '../../fixtures/engine/engine-process.ts';
import { heldBy } from '../../fixtures/engine/liveness.ts';
import {
  configured,
  metricsOf,
  SMALLEST_VIT,
  timeless,
  weightsFile,
  TestBed,
} from '../../fixtures/engine/test-bed.ts';
import { distance } from '../../unit/engine/random-tensors.ts';
import { singleLabel } from '../../../main/tasks/single-label.ts';
import { adaptedModel } from '../../../main/engine/model/adapted-model.ts';
import { tunerOf } from '../../../main/tuning/registry.ts';

/** Gradient checkpointing of blocks under XLA compilation. */
it('takes less memory: what is checkpointed is not merged with what was there', async () => {
  const checkpointed = 2;
  const architecture = {
    ...SMALLEST_VIT,
    ...{ imageSize: 64, width: 64, mlpDim: 256, heads: 4, depth: checkpointed + 1 },
  };
  const testBed = await TestBed.open(architecture);
  try {
    const config = configured({ batchSize: 8, optimizer: { clipNorm: 1 } });
    /**
     * Bytes that XLA plans for one step: a property of the compiled program, independent of the
     * rest of the process.
     */
    const planned = async (checkpointedBlocks: number): Promise<number> => {
      const job: BenchmarkJob = {
        ...{ kind: 'benchmark', backbone: testBed.backbone, classes: 3, steps: 1 },
        ...{ config, task: singleLabel.spec.name, checkpointedBlocks },
      };
      const dump = join(testBed.folder, `dump-${String(checkpointedBlocks)}`);
      const env = {
        // Disables the compilation cache: cached programs are not planned again.
        TF_XLA_FLAGS: '--tf_xla_persistent_cache_directory=',
        // Memory is planned before LLVM code generation, which can therefore skip optimization.
        XLA_FLAGS: `--xla_backend_optimization_level=0 --xla_dump_to=${dump} --xla_dump_hlo_as_text`,
      };
      const engine = await runProcess(job, testBed.cacheDir, { native: true, env });
      expect(engine.outcome().type).toBe('done');
      return plannedBytes(dump, 'train');
    };
    const held = (checkpointedBlocks: number): number => {
      const { tuning, optimizer, matmulPrecision, batchSize } = config;
      const model = adaptedModel({
        ...{ architecture, classes: 3, checkpointedBlocks },
        tuner: tunerOf(tuning, architecture),
      });
      const { program } = trainingProgram(model, {
        ...{ batchSize, loss: singleLabel.loss, optimizer, accumulate: 1, matmulPrecision },
      });
      return 4 * heldBy(program.functions['train']!);
    };
    // During the backward pass one recomputed block is held at a time.
    const given = ((held(0) - held(checkpointed)) * (checkpointed - 1)) / checkpointed;
    const saved = (await planned(0)) - (await planned(checkpointed));
    // A quarter is allowed for buffer rounding and different XLA fusions.
    expect(saved).toBeGreaterThan(0.75 * given);
  } finally {
    await testBed.remove();
  }
});

/** Reads the total bytes of a function from XLA's memory usage report. */
async function plannedBytes(dump: string, name: string): Promise<number> {
  const reports = (await readdir(dump)).filter(
    (file) => file.includes(`.${name}__`) && file.endsWith('memory-usage-report.txt'),
  );
  expect(reports).toHaveLength(1);
  const report = await readFile(join(dump, reports[0]!), 'utf8');
  const bytes = Number(/^Total bytes used: (\d+)/.exec(report)?.[1]);
  expect(bytes).toBeGreaterThan(0);
  return bytes;
}

it('comes to the same, and says that it recomputes', async () => {
  const testBed = await TestBed.open({ ...SMALLEST_VIT, depth: 3 });
  try {
    const images = await testBed.images({ train: 12, val: 6 });
    const config = configured({
      ...{ dropPath: 0.2, patchDrop: 0.5, schedule: { epochs: 3 } },
      // Before a norm, a scalar rescaling has a gradient of 0, and AdamW would turn its rounding
      // noise into steps.
      karst: { rankDropout: 0.25, rescale: 'channel' },
    });
    const train = async (changes: Partial<TrainJob>) => {
      const job = await testBed.run(images, config, changes);
      const engine = await runProcess(job, testBed.cacheDir, { native: true });
      expect(engine.outcome().type).toBe('done');
      return {
        metrics: timeless(await metricsOf(job)),
        adapter: await readAllFloat32(weightsFile(job)),
        log: engine.events.flatMap((e) => (e.type === 'log' ? [e.message] : [])),
      };
    };
    const plain = await train({});
    const again = await train({ checkpointedBlocks: 2 });
    expect(plain.log.join()).not.toContain('computed again');
    expect(again.log).toContainEqual(expect.stringMatching(/^Memory is short: 2 of 3 blocks/));
    const losses = ({ metrics }: typeof plain): number[] =>
      metrics.map((record) => (record as { loss: number }).loss);
    expect(losses(again)).toHaveLength(losses(plain).length);
    expect(distance(losses(again), losses(plain))).toBeLessThan(1e-6);
    expect([...again.adapter.keys()]).toEqual([...plain.adapter.keys()]);
    for (const [name, values] of plain.adapter)
      expect(distance(again.adapter.get(name)!, values), name).toBeLessThan(1e-5);
  } finally {
    await testBed.remove();
  }
});
