import {
  appendFileSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeBackbone } from '../../../main/cli/describe/backbone.ts';
import type { Backbones } from '../../../main/host/services/backbones/backbones.ts';
import { timmConfigOf } from '../../../main/exports/timm/config.ts';
import type { Backbone } from '../../../shared/domain/library.ts';
import { CAN_MAKE_PIPES, makePipe } from '../../fixtures/pipe.ts';
import {
  ARCHITECTURE,
  PREPROCESSING,
  refusal,
  studioIn,
  temporaryFolder,
  writeBackbone,
} from './support.ts';

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
      expect((await refusal(studio.backbones.add(path), 'already-added')).message).toContain(
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

  it('with other settings are a backbone of their own, and are found together where they were moved', async () => {
    const root = temporaryFolder();
    const studio = await studioIn(join(root, 'home'));
    const path = await writeBackbone(join(root, 'old'));
    const plain = await studio.backbones.add(path, { name: 'tiny' });
    const otherwise = { said: { pool: 'mean' } } as const;
    const mean = await studio.backbones.add(path, otherwise);
    expect(mean).toMatchObject({ sha256: plain.sha256, path, architecture: { pool: 'mean' } });
    expect(mean.name).not.toBe('tiny');
    expect(studio.backbones.list().map(({ id }) => id)).toEqual([plain.id, mean.id]);
    // Said as they are, they are no other ones.
    for (const [said, name] of [
      [{ pool: 'class' }, 'tiny'],
      [otherwise.said, mean.name],
    ] as const) {
      const error = await refusal(studio.backbones.add(path, { said }), 'already-added');
      expect(error.message).toContain(`is in the library already, as "${name}"`);
      expect(error.entry).toBe(name);
      expect(error.hint).toContain(`Use "${name}"`);
    }
    renameSync(join(root, 'old'), join(root, 'new'));
    const moved = await studio.backbones.add(join(root, 'new'), { ...otherwise, name: 'mean' });
    expect(moved).toMatchObject({ id: mean.id, name: 'mean', architecture: mean.architecture });
    const place = join(root, 'new', 'model.safetensors');
    expect(studio.backbones.get('tiny')).toMatchObject({ id: plain.id, path: place });
    expect(studio.backbones.remove('tiny').id).toBe(plain.id);
    expect(studio.backbones.get('mean').path).toBe(place);
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
});
