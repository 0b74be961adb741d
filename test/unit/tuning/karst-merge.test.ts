import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { adapted } from '../../fixtures/engine/adapted.ts';
import { plainModel } from '../../../main/engine/model/plain-model.ts';
import type { Model } from '../../../main/engine/model/model.ts';
import { adaptedWeight } from '../../../main/tuning/karst-linear.ts';
import { Interpreter } from '../../../main/backends/tfjs/interpreter.ts';
import * as g from '../../../main/graph/operations.ts';
import { deltaWeight64 } from '../../../main/tuning/karst-delta.ts';
import { mergedTensors } from '../../../main/tuning/merge.ts';
import { tunerOf } from '../../../main/tuning/registry.ts';
import {
  karst as spec,
  KARST_DEFAULTS,
  karstLinears,
  type KarstLinear,
  type KarstOptions,
} from '../../../shared/methods/karst.ts';
import { modelSpec, type Architecture } from '../../../shared/models/registry.ts';
import { ModelState } from '../../../main/engine/programs/model-state.ts';
import { evaluationProgram } from '../../../main/engine/programs/evaluation.ts';
import { readAllFloat32 } from '../../../main/formats/safetensors.ts';
import { tensorShapes } from '../../fixtures/tensor-shapes.ts';
import { TARGET_MODULES } from '../../../shared/methods/target-modules.ts';
import { SMALLEST_VIT } from '../../fixtures/engine/test-bed.ts';
import { distance, randomTensors } from '../engine/random-tensors.ts';

type Tensors = ReadonlyMap<string, Float32Array>;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('merging against the independent implementation', () => {
  const folder = join(import.meta.dirname, '../../fixtures/oracle');
  const read = (name: string): Promise<Tensors> =>
    readAllFloat32(join(folder, `${name}.safetensors`));
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as {
    config: Record<string, number>;
    suggested_atol: Record<'merged' | 'delta' | 'after3', number>;
  };
  const number = (key: string): number => manifest.config[key] ?? NaN;
  const atol = manifest.suggested_atol;
  const architecture: Architecture = {
    ...SMALLEST_VIT,
    imageSize: number('img_size'),
    patchSize: number('patch_size'),
    width: number('width'),
    depth: number('depth'),
    heads: number('heads'),
    mlpDim: number('width') * number('mlp_ratio'),
    classes: number('classes'),
  };
  const karst: KarstOptions = {
    ...KARST_DEFAULTS,
    rank: number('rank'),
    factor: number('factor'),
    kernels: number('kernels'),
    alpha: number('alpha'),
  };

  it('has every ΔW, with an alpha that is not the rank', async () => {
    expect(karst.alpha).not.toBe(karst.rank);
    const adapter = await read('adapter');
    const deltas = await read('delta');
    expect(deltas.size).toBe(4 * architecture.depth);
    for (const linear of karstLinears(modelSpec(architecture), karst)) {
      const wanted = deltas.get(`${linear.path}.delta_weight`)!;
      const found = deltaWeight64(linear, karst, adapter);
      expect(distance(found, wanted), linear.path).toBeLessThanOrEqual(atol.delta);
    }
  });

  it.each([
    ['adapter', 'merged'],
    ['after3', 'merged_after3'],
  ])('has every merged tensor of %s', async (adapterFile, mergedFile) => {
    const base = await read('base');
    const merged = mergedTensors(
      tunerOf({ method: 'karst', options: karst }, architecture),
      await read(adapterFile),
      base,
    );
    const wanted = await read(mergedFile);
    expect([...merged.keys()].sort()).toEqual([...wanted.keys()].sort());
    for (const [name, values] of wanted)
      expect(distance(merged.get(name) ?? [], values), name).toBeLessThanOrEqual(atol.merged);
  });
});

const karstShapes = (a: Architecture, o: KarstOptions): Map<string, readonly number[]> =>
  new Map(spec.added(modelSpec(a), o).map(({ name, shape }) => [name, shape]));

/** ΔW, element by element, by the definition in the paper's notation. */
function deltaByDefinition(linear: KarstLinear, o: KarstOptions, t: Tensors): Float64Array {
  const { path, l, k, m, n, parts } = linear;
  const [c, a, b] = ['c', 'a', 'b'].map((leaf) => t.get(`${path}.karst_${leaf}`)!) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  return Float64Array.from({ length: linear.out * linear.in }, (_, at) => {
    const [row, col] = [Math.floor(at / linear.in), at % linear.in];
    const [part, inPart] = [Math.floor(row / (l * k)), row % (l * k)];
    const [p, y] = [Math.floor(inPart / k), inPart % k];
    const [q, x] = [Math.floor(col / n), col % n];
    let sum = 0;
    for (let i = 0; i < o.kernels; i++)
      for (let r = 0; r < o.rank; r++)
        sum +=
          c[(i * l + p) * m + q]! *
          a[((i * parts + part) * o.rank + r) * k + y]! *
          b[(i * n + x) * o.rank + r]!;
    return (sum * o.alpha) / o.rank;
  });
}

const OPTIONS: KarstOptions = {
  ...KARST_DEFAULTS,
  rank: 3,
  factor: 4,
  kernels: 2,
  alpha: 5,
  rescale: 'none',
};

describe('ΔW', () => {
  const shapes = karstShapes(SMALLEST_VIT, OPTIONS);
  const adapter = randomTensors(shapes, 1);
  const linears = karstLinears(modelSpec(SMALLEST_VIT), OPTIONS);

  it('is its definition, in float64 and in the graph', async () => {
    const variables = [...shapes].map(([name, shape]) => g.variable(name, shape));
    const byName = new Map(variables.map((v) => [v.attributes.name, v]));
    const outputs = Object.fromEntries(
      linears.map((linear) => {
        const nothing = g.broadcastTo(g.scalar(0), [linear.out, linear.in]);
        return [linear.path, adaptedWeight(linear, OPTIONS, (name) => byName.get(name) ?? nothing)];
      }),
    );
    const functions = { deltas: { inputs: [], outputs, updates: [] } };
    const session = new Interpreter({ variables, functions });
    await session.write(adapter);
    const graph = await session.run('deltas', {});
    await session.dispose();
    for (const linear of linears) {
      const wanted = deltaByDefinition(linear, OPTIONS, adapter);
      expect(distance(deltaWeight64(linear, OPTIONS, adapter), wanted)).toBeLessThan(1e-12);
      expect(distance(graph[linear.path] ?? [], wanted), linear.path).toBeLessThan(1e-5);
    }
  });

  it('is LoKr with one kernel', () => {
    const one = { ...OPTIONS, kernels: 1 };
    const tensors = randomTensors(karstShapes(SMALLEST_VIT, one), 2);
    for (const linear of karstLinears(modelSpec(SMALLEST_VIT), one)) {
      if (linear.parts === 3) continue;
      const { path, l, k, m, n } = linear;
      // LyCORIS: scale · kron(lokr_w1 (l, m), lokr_w2_a (k, r) @ lokr_w2_b (r, n)), scale = alpha /
      // r.
      const w1 = tensors.get(`${path}.karst_c`)!;
      const w2a = transposed(tensors.get(`${path}.karst_a`)!, one.rank, k);
      const w2b = transposed(tensors.get(`${path}.karst_b`)!, n, one.rank);
      const w2 = product(w2a, w2b, k, one.rank, n);
      const wanted = kron(w1, w2, [l, m], [k, n]).map((v) => (v * one.alpha) / one.rank);
      expect(distance(deltaWeight64(linear, one, tensors), wanted), path).toBeLessThan(1e-12);
    }
  });

  it('of concatenated kernels is the weighted sum of two adapters', () => {
    const [w1, w2] = [0.75, -1.5];
    const three = { ...OPTIONS, kernels: 3 };
    const other = randomTensors(karstShapes(SMALLEST_VIT, three), 3);
    const joined = { ...OPTIONS, kernels: OPTIONS.kernels + three.kernels };
    const both = new Map(
      [...karstShapes(SMALLEST_VIT, joined).keys()].map((name) => {
        const weigh = (tensors: Tensors, weight: number): number[] =>
          [...tensors.get(name)!].map((v) => (name.endsWith('.karst_c') ? weight * v : v));
        return [name, Float32Array.from([...weigh(adapter, w1), ...weigh(other, w2)])] as const;
      }),
    );
    for (const linear of linears) {
      const first = deltaWeight64(linear, OPTIONS, adapter);
      const second = deltaWeight64(linear, three, other);
      const wanted = first.map((v, i) => w1 * v + w2 * second[i]!);
      expect(distance(deltaWeight64(linear, joined, both), wanted)).toBeLessThan(1e-6);
    }
  });
});

function transposed(values: Float32Array, rows: number, columns: number): Float64Array {
  return Float64Array.from(
    { length: values.length },
    (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!,
  );
}
function product(a: Float64Array, b: Float64Array, n: number, r: number, m: number): Float64Array {
  return Float64Array.from({ length: n * m }, (_, at) => {
    let sum = 0;
    for (let i = 0; i < r; i++) sum += a[Math.floor(at / m) * r + i]! * b[i * m + (at % m)]!;
    return sum;
  });
}
function kron(
  a: Float32Array,
  b: Float64Array,
  [l, m]: [number, number],
  [k, n]: [number, number],
): Float64Array {
  const width = m * n;
  return Float64Array.from({ length: l * k * width }, (_, at) => {
    const [row, col] = [Math.floor(at / width), at % width];
    return a[Math.floor(row / k) * m + Math.floor(col / n)]! * b[(row % k) * n + (col % n)]!;
  });
}

const CLASSES = 3;
const BATCH = 2;
const images = randomTensors(new Map([['images', [BATCH, 3, 16, 16]]]), 8).get('images')!;

async function logits(model: Model, frozen: Tensors, trained: Tensors): Promise<Float32Array> {
  const { program, groups } = evaluationProgram(model, BATCH);
  const session = new Interpreter(program);
  await session.write(new Map([...frozen].filter(([name]) => model.frozen.has(name))));
  if (groups.length > 0) await new ModelState(session, groups).setTrained(trained);
  if (model.merged !== undefined) await session.run('merge', {});
  const found = (await session.run('evaluate', { images }))['logits'] ?? new Float32Array();
  await session.dispose();
  return found;
}

describe('a merged model', () => {
  const cases = (['none', 'scalar', 'channel'] as const).flatMap((rescale) =>
    [true, false].map((qkvBias) => ({ rescale, qkvBias, targets: TARGET_MODULES })),
  );
  it.each([
    ...cases,
    { rescale: 'channel' as const, qkvBias: true, targets: ['attn.proj'] as const },
    { rescale: 'scalar' as const, qkvBias: true, targets: ['attn.qkv', 'mlp.fc2'] as const },
  ])(
    'and one that is merged in the graph answer as the adapted one: re-scaling $rescale, qkv bias $qkvBias, $targets',
    async ({ rescale, qkvBias, targets }) => {
      const architecture = { ...SMALLEST_VIT, qkvBias, classes: CLASSES };
      const karst = { ...OPTIONS, rescale, targetModules: targets };
      const backbone = randomTensors(tensorShapes(architecture, { classes: 0 }), 4);
      const model = adapted({ architecture, classes: CLASSES, method: 'karst', karst });
      const adapter = randomTensors(model.trained, 5);
      const merged = mergedTensors(
        tunerOf({ method: 'karst', options: karst }, architecture),
        adapter,
        backbone,
      );
      expect([...merged.keys()].sort()).toEqual([...tensorShapes(architecture).keys()].sort());
      const stored = new Map([...merged].map(([name, v]) => [name, Float32Array.from(v)]));
      const wanted = await logits(model, backbone, adapter);
      const found = await logits(plainModel(architecture, CLASSES), stored, new Map());
      const size = wanted.reduce((a, b) => Math.max(a, Math.abs(b)), 1);
      expect(distance(found, wanted) / size).toBeLessThan(2e-5);
      const shape = { architecture, classes: CLASSES, method: 'karst', karst } as const;
      const inGraph = await logits(adapted({ ...shape, merged: true }), backbone, adapter);
      expect(distance(inGraph, wanted) / size).toBeLessThan(2e-5);
      // Without the adapter, the backbone with the same head gives different results.
      const head = [...adapter].filter(([name]) => name.startsWith('head.'));
      const unadapted = new Map([...backbone, ...head]);
      const other = await logits(plainModel(architecture, CLASSES), unadapted, new Map());
      expect(distance(other, wanted) / size).toBeGreaterThan(1e-2);
      // Weights without an adapter are passed through unchanged.
      expect(merged.get('blocks.0.norm1.weight')).toBe(backbone.get('blocks.0.norm1.weight'));
      if (!targets.some((t) => t === 'mlp.fc1'))
        expect(merged.get('blocks.0.mlp.fc1.weight')).toBe(backbone.get('blocks.0.mlp.fc1.weight'));
    },
  );

  it('of the methods without KARST is the backbone with what was trained in its place', () => {
    const backbone = randomTensors(tensorShapes(SMALLEST_VIT, { classes: 0 }), 4);
    const head = randomTensors(new Map([['head.weight', [3, 16]]]), 6);
    const linear = mergedTensors(
      tunerOf({ method: 'linear', options: {} }, SMALLEST_VIT),
      head,
      backbone,
    );
    expect(linear.get('head.weight')).toBe(head.get('head.weight'));
    expect(linear.size).toBe(backbone.size + 1);
    const full = mergedTensors(
      tunerOf({ method: 'full', options: {} }, SMALLEST_VIT),
      backbone,
      new Map(),
    );
    expect(full).toEqual(backbone);
  });

  it('before the first step is the backbone, bit for bit', async () => {
    const architecture = { ...SMALLEST_VIT, classes: CLASSES };
    for (const rescale of ['none', 'scalar', 'channel'] as const) {
      const karst = { ...OPTIONS, rescale };
      const model = adapted({ architecture, classes: CLASSES, method: 'karst', karst });
      const backbone = randomTensors(tensorShapes(architecture, { classes: 0 }), 4);
      const adapter = randomTensors(model.trained, 5);
      for (const [name, values] of adapter) {
        if (name.endsWith('.karst_b') || name.endsWith('_shift')) values.fill(0);
        if (name.endsWith('_scale')) values.fill(1);
      }
      const head = [...adapter].filter(([name]) => name.startsWith('head.'));
      const plain = await logits(
        plainModel(architecture, CLASSES),
        new Map([...backbone, ...head]),
        new Map(),
      );
      expect(await logits(model, backbone, adapter)).toEqual(plain);
      for (const [name, values] of mergedTensors(
        tunerOf({ method: 'karst', options: karst }, architecture),
        adapter,
        backbone,
      ))
        expect(distance(values, backbone.get(name) ?? adapter.get(name)!), name).toBe(0);
    }
  });
});
