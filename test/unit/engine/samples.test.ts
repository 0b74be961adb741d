import { describe, expect, it } from 'vitest';
import { chooseSamples, ValidationSamples } from '../../../main/engine/train/samples.ts';
import type { ManifestImage } from '../../../shared/domain/dataset.ts';
import { singleLabel } from '../../../shared/tasks/single-label.ts';

const labelled = (labels: readonly number[]): { labels: [number] }[] =>
  labels.map((label) => ({ labels: [label] }));

describe('the images whose predictions are reported', () => {
  const labels = [...new Array<number>(60).fill(0), ...new Array<number>(30).fill(1), 2, 2, 2];
  const classesOf = (chosen: readonly number[]) => chosen.map((index) => labels[index]);

  it('are drawn from every class by its share, sorted by class', () => {
    for (const seed of [0, 1, 2, 3]) {
      const classes = classesOf(chooseSamples(labelled(labels), seed, 31));
      expect(classes).toEqual([...classes].sort());
      expect(classes.filter((label) => label === 0).length).toBeGreaterThanOrEqual(19);
      expect(classes.filter((label) => label === 1).length).toBeGreaterThanOrEqual(9);
      expect(classes.filter((label) => label === 2)).toHaveLength(1);
    }
  });

  it('are a matter of the seed alone, each once', () => {
    const chosen = chooseSamples(labelled(labels), 5, 20);
    expect(chooseSamples(labelled(labels), 5, 20)).toEqual(chosen);
    expect(chooseSamples(labelled(labels), 6, 20)).not.toEqual(chosen);
    expect(new Set(chosen).size).toBe(20);
  });

  it('are all there are where there are fewer', () => {
    expect(chooseSamples(labelled([2, 2, 0]), 0, 8).sort()).toEqual([0, 1, 2]);
    expect(chooseSamples([], 0, 8)).toEqual([]);
  });
});

describe('validation samples', () => {
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
    const samples = new ValidationSamples(singleLabel, images, ['ash', 'elm'], 0);
    samples.take(0, Float32Array.of(0, Math.log(3)));
    samples.take(2, Float32Array.of(0, 0));
    expect(samples.record(7, 2)).toEqual({
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
    expect(samples.record(8, 3).images).toEqual([]);
  });
});
