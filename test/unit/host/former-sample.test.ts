import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { moveFormerSamples, SAMPLE_IMAGES } from '../../../main/host/services/sample.ts';

let home: string;
beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'karst-home-'))));
afterEach(() => rmSync(home, { recursive: true }));

it('leads datasets of a sample that is gone to the unpacked one, and no others', async () => {
  const gone = join(home, 'older', 'main', 'assets', 'sample', 'digits');
  const paths = new Map([
    ['sample', gone],
    ['photos', join(home, 'photos')],
  ]);
  const datasets = {
    list: () => [...paths].map(([id, path]) => ({ id, path })),
    relocate: (id: string, path: string) => void paths.set(id, path),
  };
  await moveFormerSamples(datasets, home);
  const folder = join(home, 'sample', 'digits');
  expect([...paths.values()]).toEqual([folder, join(home, 'photos')]);
  const images = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  expect(images.filter((name) => name.endsWith('.png'))).toHaveLength(SAMPLE_IMAGES);
});

it('unpacks nothing where no dataset needs it', async () => {
  const relocate = (): never => {
    throw new Error('relocated');
  };
  await moveFormerSamples({ list: () => [{ id: 'photos', path: home }], relocate }, home);
  expect(readdirSync(home)).toEqual([]);
});
