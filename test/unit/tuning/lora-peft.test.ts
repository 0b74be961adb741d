import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { adaptedModel } from '../../../main/engine/model/adapted-model.ts';
import { plainModel } from '../../../main/engine/model/plain-model.ts';
import { readAllFloat32, SafetensorsFile } from '../../../main/formats/safetensors.ts';
import { gradients } from '../../../main/graph/differentiate.ts';
import * as g from '../../../main/graph/operations.ts';
import type { Tensor } from '../../../main/graph/tensor.ts';
import { mergedTensors } from '../../../main/tuning/merge.ts';
import { tunerOf } from '../../../main/tuning/registry.ts';
import { lora } from '../../../shared/methods/lora.ts';
import type { Architecture } from '../../../shared/models/registry.ts';
import { SMALLEST_VIT } from '../../fixtures/engine/test-bed.ts';
import { evaluate } from '../graph/reference.ts';
import { distance } from '../engine/random-tensors.ts';

type Tensors = ReadonlyMap<string, Float32Array>;
const FIXTURES = join(import.meta.dirname, '../../fixtures');

/**
 * LoRA computed by PEFT on the oracle's network and batch, in float64; see make_peft.py next to the
 * data.
 */
describe.each([
  { variant: 'plain', rankStabilized: false },
  { variant: 'rslora', rankStabilized: true },
])('LoRA as PEFT computes it: $variant', ({ variant, rankStabilized }) => {
  const config = (
    JSON.parse(readFileSync(join(FIXTURES, 'oracle/manifest.json'), 'utf8')) as {
      config: Record<string, number>;
    }
  ).config;
  const number = (key: string): number => config[key] ?? NaN;
  const architecture: Architecture = {
    ...SMALLEST_VIT,
    ...{ imageSize: number('img_size'), patchSize: number('patch_size') },
    ...{ width: number('width'), depth: number('depth'), heads: number('heads') },
    mlpDim: number('width') * number('mlp_ratio'),
  };
  const classes = number('classes');
  const options = { ...lora.options.defaults, rank: 3, alpha: 5, rankStabilized };
  const tuner = tunerOf({ method: 'lora', options }, architecture);
  const model = adaptedModel({ architecture, classes, tuner });
  let peft: Tensors;
  let base: Tensors;
  let images: Float32Array;
  let labels: BigInt64Array;
  const of = (kind: string): Map<string, Float32Array> =>
    new Map(
      [...peft]
        .filter(([name]) => name.startsWith(`${variant}/${kind}/`))
        .map(([name, values]) => [name.slice(variant.length + kind.length + 2), values]),
    );

  beforeAll(async () => {
    peft = await readAllFloat32(join(FIXTURES, 'lora/peft.safetensors'));
    base = await readAllFloat32(join(FIXTURES, 'oracle/base.safetensors'));
    const batch = await SafetensorsFile.open(join(FIXTURES, 'oracle/batch.safetensors'));
    images = await batch.readFloat32('images');
    labels = new BigInt64Array((await batch.readBytes('labels')).slice().buffer);
    await batch.close();
  });

  it('logits, loss and every gradient', () => {
    const adapter = of('adapter');
    expect([...model.trained.keys()].sort()).toEqual([...adapter.keys()].sort());
    const tensors = new Map(
      [...model.frozen, ...model.trained].map(([name, shape]) => [name, g.input(name, shape)]),
    );
    const rows = labels.length;
    const x = g.input('images', [rows, ...model.input]);
    const logits = model.logits(x, (name) => tensors.get(name)!, new Map());
    const targets = new Float32Array(rows * classes);
    labels.forEach((label, row) => (targets[row * classes + Number(label)] = 1 / rows));
    const likelihood = g.mul(g.logSoftmax(logits), g.constant(targets, [rows, classes]));
    const loss = g.neg(g.sumAll(likelihood));
    const wanted = of('grad');
    const names = [...wanted.keys()];
    const [foundLogits, foundLoss, ...found] = evaluate(
      [
        logits,
        loss,
        ...gradients(
          loss,
          names.map((name): Tensor => tensors.get(name)!),
        ),
      ],
      { ...Object.fromEntries([...base, ...adapter]), images },
    );
    expect(distance(foundLogits!, peft.get(`${variant}/logits`)!)).toBeLessThan(2e-6);
    expect(distance(foundLoss!, peft.get(`${variant}/loss`)!)).toBeLessThan(1e-6);
    names.forEach((name, i) => {
      expect(distance(found[i]!, wanted.get(name)!), name).toBeLessThan(1e-6);
    });
  });

  it('merged', () => {
    const merged = mergedTensors(tuner, of('adapter'), base);
    const plain = plainModel(architecture, classes);
    const inputs = new Map([...plain.frozen].map(([name, shape]) => [name, g.input(name, shape)]));
    const x = g.input('images', [labels.length, ...plain.input]);
    const [found] = evaluate([plain.logits(x, (name) => inputs.get(name)!)], {
      ...Object.fromEntries(merged),
      images,
    });
    expect(distance(found!, peft.get(`${variant}/merged_logits`)!)).toBeLessThan(2e-6);
  });
});
