import { afterEach, describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../main/formats/checkpoints/checkpoint.ts';
import { storedTensors, type StoredNames } from '../../../main/formats/checkpoints/stored.ts';
import { familyOf } from '../../../shared/models/registry.ts';
import { sizeOfShape } from '../../../shared/models/spec.ts';
import {
  LIBRARY_BACKBONES,
  openLibraryBackbone,
  type LibraryBackbone,
} from '../../fixtures/library-backbones.ts';

const opened: Checkpoint[] = [];
afterEach(async () => {
  for (const checkpoint of opened.splice(0)) await checkpoint.close();
});

async function open(name: string): Promise<LibraryBackbone> {
  const read = await openLibraryBackbone(name);
  opened.push(read.checkpoint);
  return read;
}

async function valuesOf({
  checkpoint,
  architecture,
}: LibraryBackbone): Promise<Map<string, Float32Array>> {
  const values = new Map<string, Float32Array>();
  const { tensors } = familyOf(architecture);
  for (const { name, shape } of tensors(architecture, architecture.classes)) {
    const found = await checkpoint.readFloat32(name);
    expect(found.length, name).toBe(sizeOfShape(shape));
    values.set(name, found);
  }
  return values;
}

const TIMM_BASE = { imageSize: 16, patchSize: 4, width: 16, depth: 2, heads: 2, mlpDim: 24 };
const REGISTERS = { registers: 4, patchPositions: true };
const DINOV3 = {
  ...{ rope: 'dinov3', positions: 'none', layerScale: true, layerNormEpsilon: 1e-5 },
} as const;
const CLIP = { preNorm: true, patchBias: false, layerNormEpsilon: 1e-5 } as const;
const SIGLIP = { classToken: false } as const;
/** 34 pixels, of which 2 are not read. */
const REST = { imageSize: 34, patchSize: 8 } as const;
const GATED = { activation: 'silu' } as const;
const EVA = { ...GATED, rope: 'eva', pool: 'mean', pooledNorm: true } as const;
const PE = { ...CLIP, rope: 'pe', imageSize: 16 } as const;

/** What is not as in the plain network of that size, by fixture. */
const DIFFERENT: Readonly<Record<string, object>> = {
  'timm-vit': { classes: 3 },
  'timm-vit-mean': { classes: 3, pool: 'mean', pooledNorm: true },
  'timm-deit-distilled': {
    ...{ classes: 3, distillationToken: true, pool: 'class-and-distillation' },
  },
  'timm-deit3': { classes: 3, layerScale: true, patchPositions: true },
  'timm-dinov2': { layerScale: true },
  'timm-dinov2-registers': { layerScale: true, ...REGISTERS },
  'timm-dinov2-giant': { layerScale: true, ...GATED, mlp: 'packed-glu', mlpDim: 12 },
  'timm-uni': { layerScale: true },
  'timm-tips': { layerScale: true, registers: 1, patchPositions: true },
  'timm-dinov3': { ...DINOV3, registers: 4, pool: 'mean', qkvBias: false },
  'timm-dinov3-qkvb': { ...DINOV3, registers: 4, pool: 'mean' },
  'timm-dinov3-plus': {
    ...{ ...DINOV3, ...GATED, registers: 4, pool: 'mean', qkvBias: false, mlp: 'split-glu' },
  },
  'timm-dinov3-token': { ...DINOV3, registers: 4, qkvBias: false, classes: 3 },
  'timm-clip': { ...CLIP, classes: 3 },
  'timm-clip-quickgelu': { ...CLIP, activation: 'quick-gelu', classes: 3 },
  'timm-siglip': { ...SIGLIP, pool: 'attention' },
  'timm-siglip-tanh': { ...SIGLIP, pool: 'attention', activation: 'gelu-tanh' },
  'timm-siglip-rest': { ...SIGLIP, ...REST, pool: 'attention' },
  'timm-siglip-mean': { ...SIGLIP, pool: 'mean', classes: 3 },
  'timm-eva02-packed': { ...EVA, mlp: 'packed-glu', classes: 3 },
  'timm-eva02-split': { ...EVA, mlp: 'split-glu', mlpNorm: true, classes: 3 },
  'timm-pe': {
    ...{ ...PE, pool: 'attention', poolHeads: 8, poolMlpDim: 64, poolPrefix: true },
    ...{ ropeReference: 14, classes: 3 },
  },
  'timm-pe-spatial': { ...PE, pool: 'mean', lastNorm: false, ropeReference: 32 },
  'hf-vit': { classes: 3, layerNormEpsilon: 1e-12 },
  'hf-vit-features': { layerNormEpsilon: 1e-12 },
  'hf-deit': { classes: 3, layerNormEpsilon: 1e-12, distillationToken: true },
  'hf-deit-teacher': {
    ...{ classes: 3, layerNormEpsilon: 1e-12, distillationToken: true },
    pool: 'class-and-distillation',
  },
  'hf-dinov2': { layerScale: true, mlpDim: 32 },
  'hf-dinov2-classifier': { layerScale: true, mlpDim: 32, classes: 3, pool: 'class-and-mean' },
  'hf-dinov2-giant': { layerScale: true, ...GATED, mlp: 'packed-glu' },
  'hf-dinov2-registers': { layerScale: true, mlpDim: 32, registers: 2, patchPositions: true },
  'hf-dinov3': { ...DINOV3, registers: 2 },
  'hf-dinov3-gated': { ...DINOV3, registers: 2, ...GATED, mlp: 'split-glu' },
  'hf-clip': { ...CLIP, activation: 'quick-gelu' },
  'hf-clip-vision': CLIP,
  'hf-siglip': { ...SIGLIP, pool: 'attention', activation: 'gelu-tanh' },
  'hf-siglip-classifier': { ...SIGLIP, pool: 'mean', activation: 'gelu-tanh', classes: 3 },
  'hf-siglip-rest': {
    ...{ ...SIGLIP, ...REST, pool: 'mean', activation: 'gelu-tanh', classes: 3 },
  },
  'open-clip-trunk-rest': { ...SIGLIP, ...REST, pool: 'attention' },
  npz: { classes: 3 },
  'npz-optimizer': { classes: 3 },
  'open-clip': CLIP,
  'open-clip-quickgelu': { ...CLIP, activation: 'quick-gelu' },
  'original-dinov2': { layerScale: true },
  'original-dinov2-giant': { layerScale: true, ...GATED, mlp: 'packed-glu', mlpDim: 12 },
  'original-dinov2-registers': { layerScale: true, ...REGISTERS },
  'original-uni2': {
    ...{ layerScale: true, registers: 8, patchPositions: true },
    ...{ ...GATED, mlp: 'packed-glu' },
  },
};

describe('every file that a library writes', () => {
  it.each(LIBRARY_BACKBONES)('%s is read whole', async (name) => {
    const read = await open(name);
    const values = await valuesOf(read);
    const { architecture, source } = read;
    expect([...values.keys()].sort()).toEqual(
      familyOf(architecture)
        .tensors(architecture, architecture.classes)
        .map((tensor) => tensor.name)
        .sort(),
    );
    const kind = name.split('-')[0]!;
    expect(source.replace('huggingface', 'hf').replace('open_clip', 'open')).toMatch(
      name === 'original-uni2' ? 'timm' : kind,
    );
    const different = DIFFERENT[name.replace(/-new$/, '')];
    if (different !== undefined) {
      const plain = { family: 'vit', ...TIMM_BASE, qkvBias: true, classes: 0 };
      expect(architecture).toEqual({ ...plain, layerNormEpsilon: 1e-6, ...different });
    }
  });

  it.each(LIBRARY_BACKBONES.filter((name) => name.endsWith('-new')))(
    '%s is the same network under other names',
    async (name) => {
      const [now, before] = [await open(name), await open(name.replace(/-new$/, ''))];
      expect(now.architecture).toEqual(before.architecture);
      expect(now.labels).toEqual(before.labels);
      expect(await valuesOf(now)).toEqual(await valuesOf(before));
    },
  );

  it('has its classes by name', async () => {
    for (const name of ['timm-vit', 'hf-vit', 'hf-swin', 'timm-swin']) {
      const { labels, architecture } = await open(name);
      expect(labels).toEqual(['thumb', 'index', 'ring']);
      expect(architecture.classes).toBe(3);
    }
  });
});

function namesOf(fixture: string): StoredNames | null {
  const [kind] = fixture.split('-');
  if (kind === 'timm') {
    const form = fixture.includes('eva02-split')
      ? 'split'
      : /eva02|qkvb/.test(fixture)
        ? 'separate-bias'
        : fixture.includes('dinov3')
          ? 'fused'
          : null;
    return form === null ? { kind } : { kind: 'timm-eva', form };
  }
  if (kind !== 'hf' || fixture === 'hf-siglip' || fixture.endsWith('-new')) return null;
  const [, family = ''] = /^hf-(dinov2-registers|[a-z0-9]+)/.exec(fixture) ?? [];
  const model =
    { 'dinov2-registers': 'dinov2_with_registers', dinov3: 'dinov3_vit' }[family] ?? family;
  return { kind: 'huggingface', model };
}

describe('written the other way round', () => {
  it.each(LIBRARY_BACKBONES)('%s has the names and numbers of its file', async (name) => {
    const read = await open(name);
    const { checkpoint, architecture } = read;
    const names = namesOf(name);
    const values = await valuesOf(read);
    const raw = checkpoint.container.tensors;
    if (names !== null) {
      const tower = [...raw.keys()].some((one) =>
        /^(?:vit|deit|dinov2|swin|vision_model)/.test(one),
      );
      const keyBias = !/eva02|qkvb|hf-dinov3/.test(name);
      const stored = storedTensors(names, architecture, { tower, keyBias });
      for (const { name: given, shape, from, values: laidOut } of stored) {
        expect(raw.get(given)?.shape, given).toEqual(shape);
        const written = laidOut(values.get(from)!);
        // The class token's position was added to the token, and is zeros now.
        if (name.includes('registers') && /cls_token|position_embeddings/.test(given)) continue;
        // Averages of two heads have lost which part of the bias was whose.
        if (/(?:head|classifier)(?:_dist)?\.bias$/.test(given) && /teacher|distilled/.test(name))
          continue;
        expect(written, given).toEqual(await checkpoint.container.readFloat32(given));
      }
      const all = stored.map((tensor) => tensor.name);
      expect(new Set(all).size).toBe(all.length);
    }
  });
});
