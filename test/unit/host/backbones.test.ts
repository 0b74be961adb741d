import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeBackbone } from '../../../main/cli/describe/backbone.ts';
import type { Backbones } from '../../../main/host/services/backbones/backbones.ts';
import { timmConfigOf } from '../../../main/exports/timm/config.ts';
import type { CheckpointSources, TensorTable } from '../../../main/formats/checkpoints/family.ts';
import { parseModelConfig } from '../../../main/formats/checkpoints/configs/read.ts';
import {
  recogniseBackbone as recogniseNames,
  type RecognisedBackbone,
} from '../../../main/formats/checkpoints/registry.ts';
import { parseTimmConfig } from '../../../main/formats/checkpoints/timm-config.ts';
import { translateNames } from '../../../main/formats/checkpoints/translate.ts';
import { parameterCount, type Architecture } from '../../../shared/models/registry.ts';
import type { VitArchitecture } from '../../../shared/models/vit.ts';
import type { Backbone } from '../../../shared/domain/library.ts';
import { tensorShapes } from '../../fixtures/tensor-shapes.ts';
import { CAN_MAKE_PIPES, makePipe } from '../../fixtures/pipe.ts';
import {
  ARCHITECTURE,
  PREPROCESSING,
  refusal,
  studioIn,
  temporaryFolder,
  writeBackbone,
} from './support.ts';

const table = (
  a: Architecture,
  change: (shapes: Map<string, readonly number[]>) => void = () => undefined,
): TensorTable => {
  const shapes = tensorShapes(a);
  change(shapes);
  return new Map([...shapes].map(([name, shape]) => [name, { dtype: 'F32' as const, shape }]));
};
const recogniseBackbone = (
  path: string,
  names: TensorTable,
  sources?: CheckpointSources,
): RecognisedBackbone => recogniseNames(path, translateNames(path, names), sources);
const TINY: VitArchitecture = {
  ...ARCHITECTURE,
  imageSize: 224,
  patchSize: 16,
  width: 192,
  depth: 12,
  heads: 3,
  mlpDim: 768,
  classes: 1000,
};
const count = (shapes: ReadonlyMap<string, readonly number[]>): number =>
  [...shapes.values()].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);

describe('shapes', () => {
  it('add up to the known size of ViT-B/16', () => {
    const base: VitArchitecture = { ...TINY, width: 768, heads: 12, mlpDim: 3072 };
    expect(count(tensorShapes(base))).toBe(parameterCount(base));
    expect(parameterCount(base)).toBe(86_567_656);
  });
});

describe('recognising a timm ViT', () => {
  it('reads everything but the heads from names and shapes', () => {
    expect(recogniseBackbone('x', table(TINY))).toMatchObject({
      architecture: TINY,
      headsFrom: 'default',
      preprocessingFrom: 'default',
      preprocessing: {
        imageSize: 224,
        interpolation: 'bicubic',
        cropFraction: 0.9,
        mean: [0.5, 0.5, 0.5],
      },
      dtype: 'F32',
    });
    const bare = { ...TINY, qkvBias: false, classes: 0, depth: 1 };
    expect(recogniseBackbone('x', table(bare)).architecture).toEqual(bare);
  });

  it('takes the heads from the option, config.json, metadata or the width, and says which', () => {
    const named = parseModelConfig(
      { architecture: 'vit_tiny_patch16_224.augreg_in21k', num_classes: 1000 },
      'c',
    );
    const counted = parseModelConfig({ architecture: 'x', model_args: { num_heads: 6 } }, 'c');
    const from = (sources: object): [unknown, string] => {
      const { architecture, headsFrom } = recogniseBackbone('x', table(TINY), sources);
      return [architecture.heads, headsFrom];
    };
    expect(from({ config: named })).toEqual([3, 'config.json']);
    expect(from({ config: counted })).toEqual([6, 'config.json']);
    expect(from({ metadata: counted })).toEqual([6, 'metadata']);
    expect(from({ option: { heads: 12 }, config: counted })).toEqual([12, 'option']);
    expect(() => from({ option: { heads: 5 } })).toThrow(
      '5 attention heads do not divide the width 192 (said by you)',
    );
    expect(() => recogniseBackbone('x', table(ARCHITECTURE))).toThrow(
      'cannot be inferred from the width 12',
    );
  });

  it('takes the preprocessing from timm, in both of its layouts', () => {
    const json = { ...timmConfigOf(ARCHITECTURE, PREPROCESSING), architecture: 'n' };
    const nested = parseModelConfig(json, 'c');
    const found = recogniseBackbone('x', table(ARCHITECTURE), { config: nested });
    expect(found).toMatchObject({
      architecture: ARCHITECTURE,
      preprocessing: PREPROCESSING,
      preprocessingFrom: 'config.json',
      timmName: 'n',
    });
    expect(
      parseTimmConfig({ crop_pct: 0.95, mean: [0.4, 0.4, 0.4], interpolation: 'bilinear' }, 'c')
        .preprocessing,
    ).toEqual({
      cropFraction: 0.95,
      mean: [0.4, 0.4, 0.4],
      interpolation: 'bilinear',
    });
    expect(() => parseTimmConfig({ pretrained_cfg: { crop_pct: 3 } }, 'c')).toThrow(
      '"pretrained_cfg.crop_pct"',
    );
    expect(() => parseTimmConfig({ pretrained_cfg: { interpolation: 'random' } }, 'c')).toThrow(
      '"random" is not supported',
    );
    expect(() => parseTimmConfig([], 'c')).toThrow("not timm's config.json");
  });

  it.each([
    ['dist_token', [1, 1, 12], '197 tokens'],
    ['reg_token', [1, 4, 12], '197 tokens'],
    ['fc_norm.weight', [12], 'fc_norm.weight does not belong'],
    ['blocks.0.ls1.gamma', [12], 'blocks.0.ls1.gamma has the shape (12), expected (192)'],
    ['blocks.1.attn.q_norm.weight', [4], 'blocks.1.attn.q_norm.weight does not belong'],
    ['vit.embeddings.cls_token', [1, 1, 12], 'vit.embeddings.cls_token does not belong'],
    ['blocks.0.attn.qkv.karst_a', [2, 3, 1, 1], 'an adapter, not a backbone'],
    ['blocks.0.attn.relative', [1], 'blocks.0.attn.relative does not belong'],
  ])('refuses a file with %s', (name, shape, sentence) => {
    expect(() =>
      recogniseBackbone(
        'x',
        table(TINY, (s) => s.set(name, shape)),
      ),
    ).toThrow(sentence);
  });

  it.each([
    ['blocks.1.mlp.fc2.bias', null, 'the tensor blocks.1.mlp.fc2.bias of shape (192) is missing'],
    ['cls_token', null, 'cls_token is missing'],
    ['blocks.3.attn.proj.weight', [192, 191], 'has the shape (192, 191), expected (192, 192)'],
    ['pos_embed', [1, 99, 192], '99 tokens'],
    ['pos_embed', [197, 192], 'expected 3 dimensions'],
    ['patch_embed.proj.weight', [192, 1, 16, 16], 'three channels'],
  ])('names the tensor %s when it is wrong (%j)', (name, shape, sentence) => {
    const change = (s: Map<string, readonly number[]>): void => {
      if (shape === null) s.delete(name);
      else s.set(name, shape);
    };
    expect(() => recogniseBackbone('x', table(TINY, change))).toThrow(sentence);
  });
});

describe('backbones in the library', () => {
  it.each(['F32', 'F16', 'BF16'] as const)(
    'are added in %s, referenced where they lie',
    async (dtype) => {
      const folder = join(temporaryFolder(), 'my vit');
      const path = await writeBackbone(folder, { dtype });
      const studio = await studioIn(join(temporaryFolder(), 'home'));
      let bytes = 0;
      const added = await studio.backbones.add(folder, {
        name: 'tiny',
        onProgress: (p) => (bytes = p.done),
      });
      expect(added).toMatchObject({
        name: 'tiny',
        path,
        dtype,
        architecture: ARCHITECTURE,
        preprocessing: PREPROCESSING,
      });
      expect(bytes).toBe(added.bytes);
      expect(studio.backbones.get(added.id)).toEqual(added);
      expect(studio.backbones.list()).toEqual([added]);
      expect((await refusal(studio.backbones.add(path), 'name-taken')).message).toContain(
        'as "tiny"',
      );
      expect(studio.backbones.remove('tiny')).toEqual(added);
      expect(existsSync(path)).toBe(true);
    },
  );

  it('keep what was taken off their tensor names', async () => {
    const root = temporaryFolder();
    const studio = await studioIn(join(root, 'home'));
    const path = await writeBackbone(join(root, 'b'), {
      change: (shapes) => {
        const plain = [...shapes];
        shapes.clear();
        for (const [name, shape] of plain) shapes.set(`module.model.${name}`, shape);
      },
    });
    const added = await studio.backbones.add(path, { name: 'wrapped' });
    expect(added.tensorPrefix).toBe('module.model.');
    expect(studio.backbones.get('wrapped')).toEqual(added);
    const shown = describeBackbone(added, { dim: (text) => text });
    expect(shown.join('\n')).toMatch(
      /^tensor names +without "module\.model\.", which stands before each in the file$/m,
    );
  });

  describe('with a preprocessor_config.json beside the weights', () => {
    const { imageSize } = ARCHITECTURE;
    const CLIP_LIKE = {
      image_processor_type: 'CLIPImageProcessor',
      size: { shortest_edge: imageSize * 2 },
      crop_size: imageSize,
      resample: 2,
      image_mean: [0.1, 0.2, 0.3],
      image_std: [0.4, 0.5, 0.6],
    };
    const READ = {
      ...{ imageSize, interpolation: 'bilinear', cropFraction: 0.5, cropMode: 'center' },
      cropRounding: 'down',
      ...{ mean: [0.1, 0.2, 0.3], std: [0.4, 0.5, 0.6] },
    };
    /** Adds a backbone whose config.json specifies no preprocessing beyond `timm`. */
    async function add(preprocessor: object, timm: object = {}): Promise<Backbone> {
      const root = temporaryFolder();
      await writeBackbone(join(root, 'b'), { config: false });
      const config = { architecture: 'vit_test', model_args: { num_heads: 3 }, ...timm };
      writeFileSync(join(root, 'b', 'config.json'), JSON.stringify(config));
      writeFileSync(join(root, 'b', 'preprocessor_config.json'), JSON.stringify(preprocessor));
      return (await studioIn(join(root, 'home'))).backbones.add(join(root, 'b'));
    }

    it('are prepared for as it says where their own config does not, and that is told', async () => {
      const added = await add(CLIP_LIKE);
      expect(added.preprocessing).toEqual(READ);
      expect(added.preprocessingFrom).toBe('preprocessor_config.json');
      expect(describeBackbone(added, { dim: (text) => text }).join('\n')).toMatch(
        /bilinear, center at 0\.5, mean 0\.1 0\.2 0\.3, .* \(from its preprocessor_config\.json\)/,
      );
      const some = await add(CLIP_LIKE, { pretrained_cfg: { mean: [0.1, 0.2, 0.3] } });
      expect(some.preprocessing).toEqual(READ);
    });

    it('are refused where it and their own config say different things, or another size', async () => {
      for (const [timm, message] of [
        [{ mean: [0.5, 0.5, 0.5] }, 'its mean is 0.1,0.2,0.3, and that of config.json is 0.5,'],
        [{ crop_pct: 0.9 }, 'its cropFraction is 0.5'],
        [{ interpolation: 'bicubic' }, 'its interpolation is bilinear'],
      ] as const)
        expect(
          (await refusal(add(CLIP_LIKE, { pretrained_cfg: timm }), 'format-unsupported')).message,
        ).toContain(message);
      const other = { ...CLIP_LIKE, size: imageSize * 3, crop_size: imageSize * 2 };
      expect((await refusal(add(other), 'format-unsupported')).message).toContain(
        `images of ${imageSize * 2} pixels`,
      );
      await refusal(add({ image_processor_type: 'OtherImageProcessor' }), 'format-unsupported');
    });

    it('are refused where it is wrong, also where their own config says everything', async () => {
      const { pretrained_cfg: whole } = timmConfigOf(ARCHITECTURE, PREPROCESSING);
      const error = await refusal(
        add({ ...CLIP_LIKE, resample: 9 }, { pretrained_cfg: whole }),
        'format-unsupported',
      );
      expect(error.message).toContain('"resample" is 9');
    });

    it('need none that is not understood where their own config says everything', async () => {
      const { pretrained_cfg: whole } = timmConfigOf(ARCHITECTURE, PREPROCESSING);
      const added = await add(
        { image_processor_type: 'TimmWrapperImageProcessor' },
        { pretrained_cfg: whole },
      );
      expect(added.preprocessing).toEqual(PREPROCESSING);
      expect(added.preprocessingFrom).toBe('config.json');
    });
  });

  it('take their name from timm, the file or the folder', async () => {
    const root = temporaryFolder();
    const studio = await studioIn(join(root, 'home'));
    const metadata = { num_heads: '3' };
    await writeBackbone(join(root, 'a'), {});
    await writeBackbone(join(root, 'b'), {
      name: 'mine.safetensors',
      value: 0.2,
      config: false,
      metadata,
    });
    await writeBackbone(join(root, 'c'), { value: 0.3, config: false, metadata });
    await writeBackbone(join(root, 'd'), { value: 0.4 });
    const names = [];
    for (const path of ['a', join('b', 'mine.safetensors'), 'c', 'd'])
      names.push((await studio.backbones.add(join(root, path))).name);
    expect(names).toEqual(['vit_test', 'mine', 'c', 'vit_test-2']);
    await writeBackbone(join(root, '.-hidden'), { value: 0.5, config: false, metadata });
    expect((await studio.backbones.add(join(root, '.-hidden'))).name).toBe('hidden');
    await writeBackbone(join(root, '..-'), { value: 0.6, config: false, metadata });
    expect((await studio.backbones.add(join(root, '..-'))).name).toBe('backbone');
    expect(studio.backbones.get('mine').headsFrom).toBe('metadata');
  });

  it('are refused in words when the file is no backbone, and nothing is stored', async () => {
    const root = temporaryFolder();
    const studio = await studioIn(join(root, 'home'));
    const at = (name: string, content: string | Buffer): string => {
      writeFileSync(join(root, name), content);
      return join(root, name);
    };
    expect(
      (
        await refusal(
          studio.backbones.add(at('x.pth', Buffer.from('80027d71', 'hex'))),
          'format-unsupported',
        )
      ).hint,
    ).toContain('weights_only=True');
    await refusal(studio.backbones.add(at('x.txt', 'hello, this is text')), 'format-unknown');
    await refusal(studio.backbones.add(at('empty', '')), 'file-damaged');
    await refusal(studio.backbones.add(join(root, 'nowhere')), 'not-found');
    mkdirSync(join(root, 'folder'));
    await refusal(studio.backbones.add(join(root, 'folder')), 'not-found');
    const cut = await writeBackbone(join(root, 'cut'));
    truncateSync(cut, 2000);
    await refusal(studio.backbones.add(cut), 'file-damaged');
    const bad = await writeBackbone(join(root, 'bad'));
    writeFileSync(join(root, 'bad', 'config.json'), '{');
    expect((await refusal(studio.backbones.add(bad), 'file-damaged')).message).toContain(
      'config.json',
    );
    if (CAN_MAKE_PIPES) {
      await refusal(studio.backbones.add(makePipe(join(root, 'pipe'))), 'not-readable');
      rmSync(join(root, 'bad', 'config.json'));
      const beside = makePipe(join(root, 'bad', 'config.json'));
      expect((await refusal(studio.backbones.add(bad), 'not-readable')).path).toBe(beside);
    }
    const abort = new AbortController();
    const good = await writeBackbone(join(root, 'good'));
    const onProgress = (): void => abort.abort();
    await refusal(studio.backbones.add(good, { signal: abort.signal, onProgress }), 'cancelled');
    await refusal(studio.backbones.add(good, { signal: AbortSignal.abort() }), 'cancelled');
    expect(studio.backbones.list()).toEqual([]);
  });

  it('that were moved are found again by adding them from their new place', async () => {
    const root = temporaryFolder();
    const studio = await studioIn(join(root, 'home'));
    const path = await writeBackbone(join(root, 'old'));
    const { id } = await studio.backbones.add(path, { name: 'tiny' });
    renameSync(join(root, 'old'), join(root, 'new'));
    const moved = await studio.backbones.add(join(root, 'new'));
    expect(moved).toMatchObject({ id, name: 'tiny', path: join(root, 'new', 'model.safetensors') });
    renameSync(join(root, 'new'), join(root, 'newest'));
    await writeBackbone(join(root, 'other'), { value: 0.2 });
    await studio.backbones.add(join(root, 'other'), { name: 'other' });
    const again = (name: string) => studio.backbones.add(join(root, 'newest'), { name });
    await refusal(again('other'), 'name-taken');
    expect(await again('small')).toMatchObject({ id, name: 'small' });
    // Its own name is not taken by another.
    renameSync(join(root, 'newest'), join(root, 'last'));
    const last = await studio.backbones.add(join(root, 'last'), { name: 'small' });
    expect(last).toMatchObject({ id, name: 'small' });
  });

  it('with other settings than those of the library are refused, with the way out', async () => {
    const root = temporaryFolder();
    const studio = await studioIn(join(root, 'home'));
    const path = await writeBackbone(join(root, 'old'));
    const { id, architecture } = await studio.backbones.add(path, { name: 'tiny' });
    const otherwise = { name: 'mean', said: { pool: 'mean' } } as const;
    for (const place of ['old', 'new']) {
      const error = await refusal(studio.backbones.add(join(root, place), otherwise), 'name-taken');
      expect(error.message).toContain('as "tiny"');
      expect(error.message).toContain('its pool is nothing, not "mean"');
      expect(error.hint).toContain('backbone remove');
      if (place === 'old') renameSync(join(root, 'old'), join(root, 'new'));
    }
    // Said as they are, they are no other ones.
    const same = { name: 'same', said: { pool: 'class' } } as const;
    const moved = await studio.backbones.add(join(root, 'new'), same);
    expect(moved).toMatchObject({ id, name: 'same', architecture });
  });

  it('a touched file is hashed again and accepted, a changed one is not', async () => {
    const root = temporaryFolder();
    const studio = await studioIn(join(root, 'home'));
    const path = await writeBackbone(join(root, 'b'));
    const added = await studio.backbones.add(path, { name: 'tiny' });
    const service = studio.backbones as unknown as Pick<Backbones, 'reference'>;
    utimesSync(path, 1000, 1000);
    expect(await service.reference(added)).toMatchObject({
      path,
      sha256: added.sha256,
      name: 'tiny',
    });
    expect(studio.backbones.get('tiny').modifiedMs).toBe(1_000_000);
    appendFileSync(path, 'x');
    await refusal(service.reference(studio.backbones.get('tiny')), 'file-changed');
  });

  it('the starter registers itself as a copy, and a damaged one is only told', async () => {
    const root = temporaryFolder();
    const starter = join(root, 'starter');
    const weights = await writeBackbone(starter);
    const home = join(root, 'home');
    const studio = await studioIn(home, { starter });
    const first = studio.backbones.get('starter');
    expect(studio.backbones.isStarter(first)).toBe(true);
    expect(dirname(first.path)).toBe(join(home, 'backbones'));
    expect(readFileSync(first.path)).toEqual(readFileSync(weights));
    await studio.close();
    const again = await studioIn(home, { starter });
    expect(again.backbones.list()).toEqual([first]);
    await again.close();
    // A deleted copy is created again.
    rmSync(first.path);
    const mended = await studioIn(home, { starter });
    expect(readFileSync(mended.backbones.get('starter').path)).toEqual(readFileSync(weights));
    await mended.close();
    writeFileSync(weights, 'damaged');
    const damaged = await studioIn(join(root, 'other'), { starter });
    expect(damaged.notices).toEqual([expect.stringContaining('starter backbone is not available')]);
    expect(damaged.backbones.list()).toEqual([]);
  });

  it('an update with another starter leaves the old one to what stands on it', async () => {
    const root = temporaryFolder();
    const starter = join(root, 'starter');
    await writeBackbone(starter);
    const home = join(root, 'home');
    const before = await studioIn(home, { starter });
    const old = before.backbones.get('starter');
    await before.close();

    await writeBackbone(starter, { value: 0.2 });
    const after = await studioIn(home, { starter });
    const current = after.backbones.get('starter-2');
    expect(after.backbones.list()).toEqual([old, current]);
    expect(after.backbones.isStarter(old)).toBe(false);
    expect(after.backbones.isStarter(current)).toBe(true);
    const service = after.backbones as unknown as Pick<Backbones, 'reference'>;
    expect(await service.reference(old)).toMatchObject({ path: old.path, sha256: old.sha256 });
    await after.close();
  });

  it("a library of the time when the starter was used in the application's folder gets its copy", async () => {
    const root = temporaryFolder();
    const starter = join(root, 'starter');
    const weights = await writeBackbone(starter);
    const home = join(root, 'home');
    const before = await studioIn(home);
    const { id } = await before.backbones.add(weights, { name: 'starter' });
    await before.close();
    const after = await studioIn(home, { starter });
    const [only, ...others] = after.backbones.list();
    expect(others).toEqual([]);
    expect(only).toMatchObject({ id, name: 'starter' });
    expect(dirname(only!.path)).toBe(join(home, 'backbones'));
    await after.close();
  });
});
