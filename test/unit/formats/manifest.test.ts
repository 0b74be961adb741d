import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { manifestImage, manifestLine } from '../../../main/formats/manifest.ts';
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
