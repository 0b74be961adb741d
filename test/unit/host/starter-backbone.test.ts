import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Backbones } from '../../../main/host/services/backbones/backbones.ts';
import { ARCHITECTURE, studioIn, temporaryFolder, writeBackbone } from './support.ts';

describe('the starter', () => {
  it('registers itself as a copy, and a damaged one is only told', async () => {
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

  it('is not taken for the network that other settings make of its weights', async () => {
    const root = temporaryFolder();
    const starter = join(root, 'starter');
    await writeBackbone(starter);
    const home = join(root, 'home');
    const before = await studioIn(home, { starter });
    const first = before.backbones.get('starter');
    await before.backbones.add(first.path, {
      name: 'mean',
      said: { heads: ARCHITECTURE.heads, pool: 'mean' },
    });
    before.backbones.remove('starter');
    await before.close();
    const after = await studioIn(home, { starter });
    expect(after.backbones.isStarter(after.backbones.get('mean'))).toBe(false);
    const again = after.backbones.get('starter');
    expect(after.backbones.isStarter(again)).toBe(true);
    expect(again.architecture).toEqual(first.architecture);
    await after.close();
  });

  it('of an update leaves the old one to what stands on it', async () => {
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

  it("is copied from the application's folder for a library of the time when it was used there", async () => {
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
