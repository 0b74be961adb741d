import { describe, expect, it } from 'vitest';
import { chooseSamples, ValidationSamples } from '../../../main/engine/train/samples.ts';
import type { ManifestImage } from '../../../shared/domain/dataset.ts';
import { singleLabel } from '../../../shared/tasks/single-label.ts';

const labelled = (labels: readonly number[]): { labels: [number] }[] =>
  labels.map((label) => ({ labels: [label] }));

describe('the images whose answers are told', () => {
  it('go round the classes, the first images of each', () => {
    expect(chooseSamples(labelled([0, 0, 0, 0, 1, 1, 1, 2, 2, 2]), 5)).toEqual([0, 1, 4, 5, 7]);
  });

  it('are all there are where there are fewer', () => {
    expect(chooseSamples(labelled([2, 2, 0]), 8)).toEqual([0, 1, 2]);
    expect(chooseSamples([], 8)).toEqual([]);
  });

  it('fill up from large classes what small ones lack', () => {
    expect(chooseSamples(labelled([1, 0, 0, 0, 0]), 4)).toEqual([0, 1, 2, 3]);
  });

  it('lie evenly among more classes than can be shown', () => {
    const classes = Array.from({ length: 100 }, (_, i) => i);
    expect(chooseSamples(labelled(classes), 4)).toEqual([0, 25, 50, 75]);
  });
});

describe('a sample taker', () => {
  const image = (path: string, ...labels: number[]): ManifestImage => ({
    path,
    labels,
    sha256: '',
    width: 1,
    height: 1,
    split: 'val',
  });

  it('tells the likeliest answers of what it saw since the last time', () => {
    const images = [image('/a', 0), image('/b', 1), image('/c', 1)];
    const taker = new ValidationSamples(singleLabel, images, ['ash', 'elm']);
    taker.take(0, Float32Array.of(0, Math.log(3)));
    taker.take(2, Float32Array.of(0, 0));
    expect(taker.record(7, 2)).toEqual({
      step: 7,
      epoch: 2,
      images: [
        {
          path: '/a',
          truth: 'ash',
          predictions: [
            { label: 'elm', probability: expect.closeTo(0.75, 6) as number },
            { label: 'ash', probability: expect.closeTo(0.25, 6) as number },
          ],
        },
        {
          path: '/c',
          truth: 'elm',
          predictions: [
            { label: 'ash', probability: 0.5 },
            { label: 'elm', probability: 0.5 },
          ],
        },
      ],
    });
    expect(taker.record(8, 3).images).toEqual([]);
  });
});
