import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as v from 'valibot';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Interpreter } from '../../../main/backends/tfjs/interpreter.ts';
import { loadBackbone } from '../../../main/engine/backbone/load.ts';
import { packGroup } from '../../../main/engine/programs/parameters.ts';
import { featureProgram } from '../../../main/engine/programs/features.ts';
import { trainingProgram } from '../../../main/engine/programs/training.ts';
import { Checkpoint } from '../../../main/formats/checkpoints/checkpoint.ts';
import { timmConfigOf } from '../../../main/exports/timm/config.ts';
import { recogniseBackbone } from '../../../main/formats/checkpoints/registry.ts';
import { parseModelConfig } from '../../../main/formats/checkpoints/configs/read.ts';
import { storedArchitecture } from '../../../main/formats/stored-architecture.ts';
import { readAllFloat32, writeSafetensors } from '../../../main/formats/safetensors.ts';
import { singleLabel } from '../../../main/tasks/single-label.ts';
import { TRAINING_DEFAULTS } from '../../../shared/domain/training.ts';
import {
  architectureSchema,
  atSize,
  familyOf,
  modelSpec,
} from '../../../shared/models/registry.ts';
import type { VitArchitecture } from '../../../shared/models/vit.ts';
import { adapted } from '../../fixtures/engine/adapted.ts';
import { readGroups } from '../../fixtures/engine/variables.ts';
import { PREPROCESSING } from '../../fixtures/engine/test-bed.ts';
import { distance } from '../engine/random-tensors.ts';

/** timm networks with their weights and outputs; created by make_dinov2.py. */
const FIXTURE = join(import.meta.dirname, '../../fixtures/engine/dinov2.safetensors');
const CLASSES = 3;
const OTHER_SIDE = 20;

const PLAIN: VitArchitecture = {
  ...{ family: 'vit', imageSize: 12, patchSize: 4, width: 12, depth: 2, heads: 3, mlpDim: 24 },
  ...{ qkvBias: true, classes: 0, layerNormEpsilon: 1e-6, layerScale: true },
};
const NETWORKS = [
  { network: 'plain', architecture: PLAIN },
  { network: 'registers', architecture: { ...PLAIN, registers: 2, patchPositions: true } },
] as const;

let folder: string;
let stored: ReadonlyMap<string, Float32Array>;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'karst-dinov2-'));
  stored = await readAllFloat32(FIXTURE);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The fixture's tensors under a prefix, by the remainder of their names. */
function under(prefix: string): Map<string, Float32Array> {
  return new Map(
    [...stored]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, values]) => [name.slice(prefix.length), values]),
  );
}

describe.each(NETWORKS)('DINOv2, $network', ({ network, architecture }) => {
  const weights = () => under(`${network}.weights.`);
  const known = (name: string): Float32Array => stored.get(`${network}.${name}`)!;

  /** Writes the checkpoint in the form of timm's saved `state_dict`. */
  async function checkpoint(): Promise<string> {
    const path = join(folder, `${network}.safetensors`);
    const tensors = weights();
    await writeSafetensors(
      path,
      modelSpec(architecture).tensors.map(({ name, shape }) => ({
        ...{ name, shape, dtype: 'F32', data: tensors.get(name)! },
      })),
      { format: 'pt' },
    );
    return path;
  }

  async function reference() {
    const path = await checkpoint();
    const preprocessing = { ...PREPROCESSING, imageSize: architecture.imageSize };
    return { path, sha256: '', name: network, architecture, preprocessing };
  }

  it('has the tensors that timm has, and no others', () => {
    const specs = familyOf(architecture).tensors(architecture, 0);
    expect(specs.map(({ name }) => name).sort()).toEqual([...weights().keys()].sort());
  });

  it('is recognised by its tensors, and by the config.json that is written for it', async () => {
    const path = await checkpoint();
    const file = await Checkpoint.open(path);
    const recognised = recogniseBackbone(path, file.translation, { option: { heads: 3 } });
    expect(recognised).toMatchObject({ headsFrom: 'option', dtype: 'F32' });
    expect(recognised.architecture).toEqual(architecture);
    const json = timmConfigOf(architecture, PREPROCESSING);
    expect(json['model_args']).toMatchObject({ init_values: 1e-5, num_heads: 3 });
    const config = parseModelConfig(json, 'config.json');
    expect(recogniseBackbone(path, file.translation, { config }).architecture).toEqual(
      architecture,
    );
    await file.close();
  });

  it('keeps its flags in files and messages', () => {
    expect(v.parse(architectureSchema, architecture)).toEqual(architecture);
    const json = storedArchitecture.write(architecture);
    expect(v.parse(storedArchitecture.schema, json)).toEqual(architecture);
  });

  it.each(['', 'other.'])('has the features of timm (%s)', async (size) => {
    const images = known(`${size}images`);
    const features = known(`${size}features`);
    const side = size === '' ? 0 : OTHER_SIDE;
    const backbone = await reference();
    const working = atSize(backbone.architecture, side);
    const session = new Interpreter(featureProgram(working, features.length / working.width));
    await session.write(await loadBackbone(backbone, working));
    const { features: found } = await session.run('features', { images });
    await session.dispose();
    expect(distance(found!, features)).toBeLessThan(1e-5);
  });

  it('has the loss and every gradient of PyTorch', async () => {
    const model = adapted({ architecture, classes: CLASSES, method: 'full' });
    const { program, groups } = trainingProgram(model, {
      batchSize: 2,
      loss: singleLabel.loss,
      optimizer: TRAINING_DEFAULTS.optimizer,
      accumulate: 2,
    });
    const session = new Interpreter(program);
    const trained = new Map([...weights(), ...under(`${network}.head.`)]);
    for (const group of groups)
      await session.write(
        new Map([
          [`trained.${group.name}`, packGroup(group, trained)],
          [`sum.${group.name}`, new Float32Array(group.size)],
        ]),
      );
    const { logits, loss } = await session.run('accumulate', {
      images: known('images'),
      targets: Float32Array.of(1, 0, 0, 0, 0, 1),
      weights: Float32Array.of(0.5, 0.5),
    });
    const sums = await readGroups(session, 'sum', groups);
    await session.dispose();
    expect(distance(logits!, known('logits'))).toBeLessThan(1e-5);
    expect(distance(loss!, known('loss'))).toBeLessThan(1e-5);
    const wanted = under(`${network}.gradients.`);
    expect([...sums.keys()].sort()).toEqual([...wanted.keys()].sort());
    for (const [name, values] of wanted)
      expect(distance(sums.get(name)!, values), name).toBeLessThan(1e-5);
  });
});
