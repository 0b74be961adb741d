import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BUILT, kernelsAddon } from '../../../main/platform/addons.mjs';
import {
  installedKernels,
  kernelsProblem,
  processorIsas,
} from '../../../main/platform/kernels.mjs';
import { temporaryFolder } from '../setup/temporary.ts';

/** A folder with empty files in place of addons. */
function checkoutWith(...isas: readonly string[]): string {
  const root = temporaryFolder();
  const folder = join(root, BUILT);
  mkdirSync(folder, { recursive: true });
  for (const isa of isas) writeFileSync(join(folder, `karst_kernels_${isa}.node`), '');
  return root;
}

describe('KARST_KERNELS', () => {
  const problemOf = (value: string | undefined): ReturnType<typeof kernelsProblem> =>
    kernelsProblem(checkoutWith('amx', 'avx2'), { KARST_KERNELS: value }, ['avx512', 'avx2']);

  it.each([undefined, '', 'none', 'avx2'])('may be %s', (value) => {
    expect(problemOf(value)).toBeNull();
  });

  it.each(['AVX2', 'avx-512', 'toString'])('may not be %s, which names no kernels', (value) => {
    expect(problemOf(value)).toEqual({
      message: `The environment variable KARST_KERNELS is "${value}", which names no kernels.`,
      hint: 'Set it to amx, avx512, avx2, none, or leave it out to use the best that run here.',
    });
  });

  it('may not be an instruction set that the processor lacks', () => {
    expect(problemOf('amx')).toEqual({
      message: 'The environment variable KARST_KERNELS is "amx", but this processor has no AMX.',
      hint: 'Set it to avx512 or avx2 or none, or leave it out to use the best that run here.',
    });
  });

  it.runIf(process.arch === 'x64')('may not be that of other processors', () => {
    expect(problemOf('neon')?.message).toContain('this processor has no NEON');
  });

  it('may not be one whose kernels were not built', () => {
    expect(problemOf('avx512')).toEqual({
      message:
        'The environment variable KARST_KERNELS is "avx512", but the kernels for AVX-512 are not installed.',
      hint: 'In a checkout "npm run setup" builds them and says why it cannot. Or leave the variable out.',
    });
  });
});

describe.runIf(process.arch === 'x64' && processorIsas().length > 0)('installedKernels', () => {
  const isas = processorIsas();
  const lesser = isas.slice(1);
  const found = (root: string, environment = {}): string[] =>
    installedKernels(root, environment).map(({ isa }) => isa);

  it('are those of all ISAs, the best first, or of the one that is named', () => {
    const root = checkoutWith(...isas);
    expect(found(root)).toEqual(isas);
    for (const isa of isas) {
      const named = installedKernels(root, { KARST_KERNELS: isa });
      expect(named.map(({ path }) => path)).toEqual([join(root, kernelsAddon(isa))]);
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
      (isa) => !processorIsas().some((known) => known === isa),
    );
    expect(found(checkoutWith(...others))).toEqual([]);
  });
});
