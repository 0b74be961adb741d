import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trainingMemory } from '../../../main/host/services/planning/memory-estimate.ts';
import { memoryRequest } from '../../../main/host/services/planning/gradient-checkpointing.ts';
import { inspectBackbone } from '../../../main/host/services/backbones/inspection.ts';
import { engineEnvironment, xlaCacheFlag } from '../../../main/platform/engine-environment.mjs';
import type { Architecture } from '../../../shared/models/registry.ts';
import { TRAINING_DEFAULTS } from '../../../shared/domain/training.ts';
import { completeConfig } from '../../../shared/training/config.ts';
import { singleLabel } from '../../../shared/tasks/single-label.ts';
import { writeTinyBackbone } from '../../fixtures/tiny-backbone.ts';

/**
 * Compares the plan's memory estimate with a process's peak up to its second step, with a warm
 * compilation cache.
 */

const SUBJECT = fileURLToPath(new URL('subject.ts', import.meta.url));
const STARTER = fileURLToPath(
  new URL('../../../main/assets/starter/model.safetensors', import.meta.url),
);
const METHODS = ['karst', 'linear', 'full'] as const;
const THREADS = 2;
const CLASSES = 10;
/** Largest relative error of the estimate. */
const TOLERANCE = 0.1;

const TINY: Architecture = {
  family: 'vit',
  imageSize: 224,
  patchSize: 16,
  width: 192,
  depth: 12,
  heads: 3,
  mlpDim: 768,
  qkvBias: true,
  classes: 0,
  layerNormEpsilon: 1e-6,
};
const BASE: Architecture = { ...TINY, width: 768, heads: 12, mlpDim: 3072 };

interface Model {
  readonly title: string;
  readonly heads: number;
  readonly batchSize: number;
  /** null for the bundled starter's weights. */
  readonly random: Architecture | null;
}

const MODELS: readonly Model[] = [
  { title: 'the starter', heads: 3, batchSize: TRAINING_DEFAULTS.batchSize, random: null },
  { title: 'ViT-Tiny/16', heads: 3, batchSize: 16, random: TINY },
  { title: 'ViT-Base/16', heads: 12, batchSize: 8, random: BASE },
];

const answer = v.strictObject({ peakBytes: v.number(), kernels: v.nullable(v.string()) });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'karst-memory-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function measure(
  weights: string,
  { heads, batchSize }: Model,
  method: (typeof METHODS)[number],
): Promise<v.InferOutput<typeof answer>> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [SUBJECT, weights, ...[heads, method, batchSize, CLASSES].map(String)],
    {
      env: {
        ...process.env,
        ...engineEnvironment({ threads: THREADS }),
        TF_XLA_FLAGS: xlaCacheFlag(path.join(folder, 'xla')),
      },
    },
  );
  return v.parse(answer, JSON.parse(stdout));
}

describe.each(MODELS)('$title with batches of $batchSize', (model) => {
  let weights = STARTER;
  beforeAll(async () => {
    if (model.random !== null)
      weights = await writeTinyBackbone(path.join(folder, String(model.random.width)), {
        architecture: model.random,
      });
  });

  it.each(METHODS)('trained by %s takes what the plan says', async (method) => {
    const { architecture } = await inspectBackbone(weights, { heads: model.heads });
    await measure(weights, model, method);
    const { peakBytes, kernels } = await measure(weights, model, method);
    const config = completeConfig({ method, batchSize: model.batchSize });
    const { running } = trainingMemory(
      memoryRequest(architecture, config, { task: singleLabel, classes: CLASSES }),
      {
        ...{ checkpointedBlocks: 0, kernels: kernels !== null, threads: THREADS },
      },
    );
    const inMib = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
    const off = running / peakBytes - 1;
    process.stdout.write(
      `${model.title}, ${method}: ${inMib(running)} MiB estimated, ${inMib(peakBytes)} MiB measured, ${(100 * off).toFixed(1)} %\n`,
    );
    expect(Math.abs(off)).toBeLessThan(TOLERANCE);
  });
});
