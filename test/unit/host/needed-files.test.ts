import { expect, it } from 'vitest';
import { WEIGHT_FILES } from '../../../main/formats/containers/weight-files.ts';
import { mainFile, neededFiles } from '../../../main/hub/needed-files.ts';

const files = (...names: readonly string[]) => names.map((path) => ({ path }));
const BIN = ['pytorch_model-00001-of-00002.bin', 'pytorch_model-00002-of-00002.bin'];

it('of a model in several files the index stands for it, and its parts come along', () => {
  const index = 'pytorch_model.bin.index.json';
  const all = files('README.md', ...BIN, 'config.json', index, 'open_clip_pytorch_model.bin');
  const needed = neededFiles(all);
  expect(needed.map(({ path }) => path)).toEqual([index, ...BIN, 'config.json']);
  expect(mainFile(needed)?.path).toBe(index);
});

it('parts without their index are no weights', () => {
  expect(neededFiles(files(...BIN, 'config.json'))).toEqual([]);
});

it('the first of the list that is there is taken', () => {
  const names = WEIGHT_FILES.map(({ main }) => main);
  for (let from = 0; from < names.length; from++) {
    const there = names.slice(from).reverse();
    expect(mainFile(neededFiles(files(...there)))?.path).toBe(names[from]);
  }
});
