import { createHash } from 'node:crypto';
import {
  appendFileSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { describeBackbone } from '../../../main/cli/describe/backbone.ts';
import { openContainer } from '../../../main/formats/containers/open.ts';
import { writeSafetensors } from '../../../main/formats/safetensors.ts';
import type { Backbones } from '../../../main/host/services/backbones/backbones.ts';
import { homeFolders } from '../../../main/host/home.ts';
import { newOwner, releaseOwner } from '../../../main/host/owner.ts';
import { MIGRATIONS } from '../../../main/host/store/migrations/index.ts';
import { closeLibrary, openLibrary } from '../../../main/host/store/open-library.ts';
import { ARCHITECTURE, refusal, studioIn, temporaryFolder, writeBackbone } from './support.ts';

/** A backbone in two files and their index, without the one file it was. */
async function writeShards(folder: string): Promise<{ index: string; shards: string[] }> {
  const whole = await writeBackbone(folder);
  const container = await openContainer(whole);
  const names = [...container.tensors.keys()];
  const half = Math.ceil(names.length / 2);
  const shards: string[] = [];
  const map: Record<string, string> = {};
  for (const [i, part] of [names.slice(0, half), names.slice(half)].entries()) {
    const shard = join(folder, `model-0000${i + 1}-of-00002.safetensors`);
    const tensors = part.map((name) => ({
      name,
      dtype: 'F32' as const,
      shape: container.tensors.get(name)?.shape ?? [],
      data: () => container.readFloat32(name),
    }));
    await writeSafetensors(shard, tensors);
    for (const name of part) map[name] = basename(shard);
    shards.push(shard);
  }
  await container.close();
  rmSync(whole);
  const index = join(folder, 'model.safetensors.index.json');
  writeFileSync(index, JSON.stringify({ weight_map: map }));
  return { index, shards };
}

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('a backbone in several files', () => {
  it('is called as its folder where nothing names it', async () => {
    const root = temporaryFolder();
    const studio = await studioIn(join(root, 'home'));
    await writeShards(join(root, 'large'));
    const config = { model_args: { num_heads: ARCHITECTURE.heads } };
    writeFileSync(join(root, 'large', 'config.json'), JSON.stringify(config));
    expect((await studio.backbones.add(join(root, 'large'))).name).toBe('large');
  });

  it('is one, by its index or its folder, with the hash of all', async () => {
    const root = temporaryFolder();
    const studio = await studioIn(join(root, 'home'));
    const { index, shards } = await writeShards(join(root, 'large'));
    const added = await studio.backbones.add(join(root, 'large'));
    const files = [index, ...shards];
    expect(added).toMatchObject({
      path: index,
      container: 'safetensors',
      architecture: ARCHITECTURE,
    });
    expect(added.files.map(({ path }) => path)).toEqual(files);
    const hashes = files.map((file) => sha256(readFileSync(file)));
    expect(added.files.map((file) => file.sha256)).toEqual(hashes);
    expect(added.sha256).toBe(
      sha256(
        hashes
          .sort()
          .map((hash) => `${hash}\n`)
          .join(''),
      ),
    );
    expect(added.bytes).toBe(files.reduce((sum, file) => sum + readFileSync(file).length, 0));
    await refusal(studio.backbones.add(index), 'already-added');
  });

  it('is found at its new place, and a part that changed is named', async () => {
    const root = temporaryFolder();
    const studio = await studioIn(join(root, 'home'));
    await writeShards(join(root, 'old'));
    const { id } = await studio.backbones.add(join(root, 'old'), { name: 'large' });
    renameSync(join(root, 'old'), join(root, 'new'));
    const moved = await studio.backbones.add(join(root, 'new'));
    expect(moved).toMatchObject({ id, name: 'large' });
    expect(moved.files.every(({ path }) => dirname(path) === join(root, 'new'))).toBe(true);

    const service = studio.backbones as unknown as Pick<Backbones, 'reference'>;
    const part = moved.files[2]?.path ?? '';
    utimesSync(part, 1000, 1000);
    expect(await service.reference(moved)).toMatchObject({ sha256: moved.sha256 });
    expect(studio.backbones.get('large').files[2]?.modifiedMs).toBe(1_000_000);
    appendFileSync(part, 'x');
    const changed = await refusal(service.reference(studio.backbones.get('large')), 'file-changed');
    expect(changed.message).toContain(part);
    rmSync(part);
    const missing = await refusal(service.reference(studio.backbones.get('large')), 'not-found');
    expect(missing.message).toContain(part);
  });
});

describe('the weights in a folder', () => {
  it('are those that the libraries take, or the only ones', async () => {
    const root = temporaryFolder();
    const studio = await studioIn(join(root, 'home'));
    const weights = await writeBackbone(root);
    for (const beside of ['optimizer.bin', 'pytorch_model.bin', 'rng_state.pth', 'other.npz'])
      writeFileSync(join(root, beside), 'x');
    expect((await studio.backbones.preview(root)).path).toBe(weights);

    const alone = join(root, 'vit.safetensors');
    renameSync(weights, alone);
    for (const beside of ['optimizer.bin', 'pytorch_model.bin', 'rng_state.pth', 'other.npz'])
      rmSync(join(root, beside));
    expect((await studio.backbones.preview(root)).path).toBe(alone);

    writeFileSync(join(root, 'second.pth'), 'x');
    const several = await refusal(studio.backbones.preview(root), 'ambiguous-name');
    expect(several.message).toContain('several files of weights: second.pth, vit.safetensors.');
    expect(several.hint).toBe(`Choose the file itself, for example ${join(root, 'second.pth')}.`);
  });

  it('are said to be missing, with their index', async () => {
    const root = temporaryFolder();
    const studio = await studioIn(join(root, 'home'));
    const empty = await refusal(studio.backbones.preview(root), 'not-found');
    expect(empty.message).toContain('holds no file of weights');
    const { index } = await writeShards(join(root, 'large'));
    rmSync(index);
    const parts = await refusal(studio.backbones.preview(join(root, 'large')), 'not-found');
    expect(parts.message).toContain('not the index that belongs to them');
  });
});

it('a preview says what would be added and adds nothing', async () => {
  const root = temporaryFolder();
  const studio = await studioIn(join(root, 'home'));
  const path = await writeBackbone(join(root, 'b'), { config: false });
  await refusal(studio.backbones.preview(path), 'heads-unknown');
  const { heads } = ARCHITECTURE;
  expect(await studio.backbones.preview(path, { heads })).toMatchObject({
    path,
    files: 1,
    source: 'timm',
    container: 'safetensors',
    architecture: ARCHITECTURE,
    assumed: expect.arrayContaining([{ what: 'heads', value: heads, from: 'option' }]) as unknown,
    labels: null,
  });
  expect(studio.backbones.list()).toEqual([]);
  const added = await studio.backbones.add(path, {
    said: { heads },
    licence: 'mit',
    revision: 'a1',
  });
  expect(added).toMatchObject({
    licence: 'mit',
    revision: 'a1',
    assumed: expect.arrayContaining([{ what: 'heads', value: heads, from: 'option' }]) as unknown,
  });
  expect(studio.backbones.get(added.id)).toEqual(added);
});

it('a backbone that an earlier version added has the one file and what was said then', async () => {
  const root = temporaryFolder();
  const home = join(root, 'home');
  const path = await writeBackbone(join(root, 'b'));
  const owner = newOwner();
  const { library } = await openLibrary(homeFolders(home), owner, MIGRATIONS.slice(0, 15));
  closeLibrary(library, owner);
  releaseOwner(owner);
  const old = new Database(join(home, 'library.sqlite'));
  // A time as file systems have it: not exact in fewer digits.
  const modifiedMs = 1_764_522_000_123.4567;
  old
    .prepare(
      `INSERT INTO backbones (id, name, path, sha256, bytes, modified_ms, dtype, architecture,
         preprocessing, timm_name, heads_from, preprocessing_from, created_at)
       VALUES ('bb-1', 'old', ?, ?, 9, ?, 'F32', ?, '{}', NULL, 'metadata', 'default', '2026-01-01')`,
    )
    .run(path, 'a'.repeat(64), modifiedMs, JSON.stringify(ARCHITECTURE));
  old.close();
  const studio = await studioIn(home);
  expect(studio.backbones.get('old')).toMatchObject({
    path,
    sha256: 'a'.repeat(64),
    files: [{ path, bytes: 9, modifiedMs, sha256: 'a'.repeat(64) }],
    container: 'safetensors',
    source: 'timm',
    assumed: [{ what: 'heads', value: ARCHITECTURE.heads, from: 'metadata' }],
    positionRule: 'timm',
    labels: null,
    licence: null,
    revision: null,
  });
});

describe('files of every library', () => {
  it.each([
    ['timm-vit/model.safetensors', 'safetensors', 'timm'],
    ['hf-vit', 'safetensors', 'huggingface'],
    ['hf-dinov2-new', 'safetensors', 'huggingface'],
    ['open-clip', 'safetensors', 'open_clip'],
    ['npz/weights.npz', 'npz', 'npz'],
    ['original-dinov2/dinov2_pretrain.pth', 'torch', 'original'],
    ['original-uni2', 'torch', 'timm'],
  ])('%s is previewed and added', async (path, container, source) => {
    const studio = await studioIn(join(temporaryFolder(), 'home'));
    const file = join(import.meta.dirname, '../../fixtures/backbones', path);
    // As narrow as these are, no rule knows how many heads they have where no configuration says.
    const said = path.includes('npz') || path.includes('original') ? { heads: 2 } : {};
    const { files, ...found } = await studio.backbones.preview(file, said);
    const added = await studio.backbones.add(file, { said });
    expect(added).toMatchObject({ ...found, container, source });
    expect(added.files).toHaveLength(files);
    expect(describeBackbone(added, { dim: (text) => text }).join('\n')).toMatch(
      /\((assumed|from its config\.json)\)/,
    );
  });
});
