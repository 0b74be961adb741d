import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExportedModel, Exporter, ReadBack } from '../../../main/exports/exporter.ts';
import { exporterOf } from '../../../main/exports/registry.ts';
import { timmBuild } from '../../../main/exports/timm/build.ts';
import { huggingFaceBuild } from '../../../main/exports/hugging-face/build.ts';
import type { ModelFormat } from '../../../shared/domain/export-target.ts';
import { familyOf, type Architecture } from '../../../shared/models/registry.ts';
import { Subject } from '../../fixtures/library-backbone.ts';
import { TINY_VIT } from '../../fixtures/tiny-backbone.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/backbones', import.meta.url));
const fixtures = readdirSync(FIXTURES).filter((name) =>
  existsSync(join(FIXTURES, name, 'expected.safetensors')),
);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'karst-folders-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What a written folder is read back as, without computing it. */
interface Read {
  readonly architecture: Architecture;
  readonly tensors: ReadonlyMap<string, Float32Array>;
}

async function readBack(model: ExportedModel, format: ModelFormat, out: string): Promise<Read> {
  const exporter: Exporter = exporterOf<ModelFormat>(format);
  await mkdir(out, { recursive: true });
  await exporter.write(model, {}, out);
  const seen: Read[] = [];
  await exporter.open(out, model, {
    ourNetwork: (architecture, tensors) => {
      seen.push({ architecture, tensors });
      return Promise.resolve({} as ReadBack);
    },
    tensorflow: () => {
      throw new Error('A folder of weights is not opened by TensorFlow.');
    },
  });
  const [read] = seen;
  if (read === undefined) throw new Error('The folder was not read.');
  return read;
}

const openSubject = (name: string): Promise<Subject> => {
  const source = join(FIXTURES, name);
  return Subject.open(source, name, existsSync(join(source, 'config.json')) ? undefined : 2);
};

describe.each(fixtures)('%s', (name) => {
  it.each(['timm', 'hf'] as const)(
    'is read back from a folder for %s as it was',
    async (format) => {
      const model = await (await openSubject(name)).model();
      const built = written(model.architecture, format);
      if (built === null) return;
      const { architecture, tensors } = await readBack(model, format, join(folder, name, format));
      expect(architecture).toEqual(built);
      for (const { name: tensor, role } of familyOf(architecture).tensors(architecture, 5)) {
        if (tensor === 'pos_embed' || role === 'head') continue;
        expect(tensors.get(tensor), tensor).toEqual(model.tensors.get(tensor));
      }
      const head = tensors.get('head.weight') ?? new Float32Array();
      const own = model.tensors.get('head.weight') ?? new Float32Array();
      // A wider head has zeros for what was not trained.
      expect([...head].filter((value) => value !== 0)).toEqual([...own]);
      expect(tensors.get('head.bias')).toEqual(model.tensors.get('head.bias'));
    },
  );
});

function written(a: Architecture, format: 'timm' | 'hf'): Architecture | null {
  try {
    return format === 'timm' ? timmBuild(a).written : huggingFaceBuild(a).written;
  } catch (error) {
    expect(error).toMatchObject({ code: 'not-available' });
    return null;
  }
}

describe('timmBuild', () => {
  it.each(fixtures.filter((name) => name.startsWith('timm-')))(
    'says of %s what timm itself says',
    async (name) => {
      const { inspected } = await openSubject(name);
      const { args, globalPool } = timmBuild(inspected.architecture);
      const config = JSON.parse(readFileSync(join(FIXTURES, name, 'config.json'), 'utf8')) as {
        global_pool: string;
        model_args: Record<string, unknown>;
      };
      const said = config.model_args;
      for (const key of ['patch_size', 'embed_dim', 'depth', 'depths', 'num_heads', 'window_size'])
        expect(args[key], key).toEqual(said[key]);
      expect(args['mlp_ratio']).toBeCloseTo(Number(said['mlp_ratio']), 6);
      expect(globalPool).toBe(config.global_pool);
    },
  );

  it('names what timm has no place for', () => {
    expect(() => timmBuild(changed({ layerNormEpsilon: 1e-3 }))).toThrow('its norms add 0.001');
    expect(() => timmBuild(changed({ pool: 'class-and-mean' }))).toThrow(
      'its head reads the class token and the mean of the patches',
    );
    expect(() => timmBuild(changed({ preNorm: true }))).toThrow(
      'its patch embedding has no bias just',
    );
  });
});

describe('huggingFaceBuild', () => {
  it.each([
    ['CLIP', { preNorm: true, patchBias: false }, 'as in CLIP'],
    ['rotary positions', { rope: 'dinov3', positions: 'none' }, 'rotary positions'],
    ['SigLIP', { classToken: false, pool: 'attention' }, 'attention pooling'],
    ['a mean after the norm', { pool: 'mean', pooledNorm: true }, 'comes after the pooling'],
    ['a width that is no multiple', { layerScale: true, mlpDim: 70 }, 'no whole multiple of 32'],
  ])('names for %s what no class computes, and the timm folder', (_, changes, sentence) => {
    const build = (): unknown => huggingFaceBuild(changed(changes));
    const hint: unknown = expect.stringContaining('--format timm');
    expect(build).toThrow(sentence);
    expect(build).toThrow(expect.objectContaining({ hint }));
  });
});

/** A plain network with other fields. */
function changed(fields: object): Architecture {
  return { ...TINY_VIT, ...fields };
}
