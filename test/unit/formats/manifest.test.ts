import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manifestImage, manifestLine, readManifest } from '../../../main/formats/manifest.ts';
import type { ManifestImage } from '../../../shared/domain/dataset.ts';

const labelled = (...labels: number[]): ManifestImage => ({
  ...{ path: '/a.png', sha256: 'ab', width: 4, height: 3, labels, split: 'train' },
});
const read = (line: object): ManifestImage => v.parse(manifestImage, line);

describe('a line of a manifest', () => {
  it('is as earlier versions wrote it where an image has one label', () => {
    expect(manifestLine(labelled(2))).toBe(
      '{"path":"/a.png","sha256":"ab","width":4,"height":3,"label":2,"split":"train"}',
    );
  });

  it.each([[[2]], [[]], [[0, 3, 5]]])('comes back with the labels %j', (labels) => {
    const image = labelled(...labels);
    expect(read(JSON.parse(manifestLine(image)) as object)).toEqual(image);
  });

  it('is refused with both forms of labels, with none, and with a label twice or below 0', () => {
    const bare = { path: '/a.png', sha256: 'ab', width: 4, height: 3, split: 'train' };
    expect(() => read(bare)).toThrow('it must have either "label" or "labels"');
    expect(() => read({ ...bare, label: 1, labels: [1] })).toThrow('it must have either');
    expect(() => read({ ...bare, labels: [1, 1] })).toThrow('a label is named twice');
    expect(() => read({ ...bare, labels: [-1] })).toThrow();
    expect(() => read({ ...bare, label: 0.5 })).toThrow();
  });
});

describe('a manifest', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'karst-manifest-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const images = [labelled(0), labelled(1, 2)];
  const whole = images.map(manifestLine);
  const read = async (...of: Parameters<typeof readManifest>): Promise<ManifestImage[]> => {
    const found: ManifestImage[] = [];
    for await (const image of readManifest(...of)) found.push(image);
    return found;
  };
  const few = ({ labels }: ManifestImage) => (labels.length > 1 ? 'too many labels' : undefined);

  async function written(lines: readonly string[]): Promise<string> {
    const path = join(folder, 'manifest.jsonl');
    await writeFile(path, lines.join('\n'));
    return path;
  }

  it('is its images in their order, whatever ends its lines', async () => {
    expect(await read(await written([...whole, '']))).toEqual(images);
    const other = await written(whole.map((line) => `${line}\r`));
    expect(await read(other)).toEqual(images);
  });

  it.each([
    ['no JSON', ['{"path"'], undefined, /Line 3 of .*manifest\.jsonl is not an image: /],
    ['no labels', ['{}'], undefined, /Line 3 of .* is not an image: /],
    ['refused by its reader', [], few, /Line 2 of .* is not an image: too many labels\.$/],
  ])('names the line that is %s', async (_, more, faultOf, message) => {
    const path = await written([...whole, ...more]);
    await expect(read(path, faultOf)).rejects.toMatchObject({ code: 'file-damaged' });
    await expect(read(path, faultOf)).rejects.toThrow(message);
  });

  it('that is missing is not found', async () => {
    await expect(read(join(folder, 'none'))).rejects.toMatchObject({
      code: 'not-found',
    });
  });
});
