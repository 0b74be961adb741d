import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BUILT, kernelsAddon } from '../../../main/platform/addons.mjs';
import {
  installedKernels,
  processorLevels,
  unknownKernels,
} from '../../../main/platform/kernels.mjs';
import { temporaryFolder } from '../setup/temporary.ts';

it.each([
  [undefined, null],
  ['', null],
  ['avx2', null],
  ['none', null],
  ['AVX2', 'AVX2'],
  ['avx-512', 'avx-512'],
  ['toString', 'toString'],
])('of KARST_KERNELS=%s, %s is no value', (value, unknown) => {
  expect(unknownKernels({ KARST_KERNELS: value })).toBe(unknown);
});

describe.runIf(processorLevels().length > 0)('installedKernels', () => {
  const levels = processorLevels();
  const lesser = levels.slice(1);
  const found = (root: string, environment = {}): string[] =>
    installedKernels(root, environment).map(({ level }) => level);

  function checkoutWith(...levels: readonly string[]): string {
    const root = temporaryFolder();
    const folder = join(root, BUILT);
    mkdirSync(folder, { recursive: true });
    for (const level of levels) writeFileSync(join(folder, `karst_kernels_${level}.node`), '');
    return root;
  }

  it('are those of all levels, the best first, or of the one that is named', () => {
    const root = checkoutWith(...levels);
    expect(found(root)).toEqual(levels);
    for (const level of levels) {
      const named = installedKernels(root, { KARST_KERNELS: level });
      expect(named.map(({ path }) => path)).toEqual([join(root, kernelsAddon(level))]);
    }
    expect(found(root, { KARST_KERNELS: 'none' })).toEqual([]);
  });

  it('are what there is where the best could not be built', () => {
    expect(found(checkoutWith(...lesser))).toEqual(lesser);
  });

  it('are none where nothing is installed', () => {
    expect(found(temporaryFolder())).toEqual([]);
  });

  it('are none that this processor cannot run', () => {
    const others = ['amx', 'avx512', 'avx2'].filter(
      (level) => !processorLevels().some((known) => known === level),
    );
    expect(found(checkoutWith(...others))).toEqual([]);
  });
});
