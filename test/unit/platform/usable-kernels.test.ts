import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kernelsAddon } from '../../../main/platform/addons.mjs';
import { processorIsas } from '../../../main/platform/kernels.mjs';
import { usableKernels, type KernelsAddon } from '../../../main/platform/usable-kernels.mjs';
import { temporaryFolder } from '../setup/temporary.ts';

const isas = processorIsas();

/** The result of loading the addon of each ISA. */
type Addons = Partial<Record<string, () => Partial<KernelsAddon>>>;

function usable(addons: Addons, environment = {}): ReturnType<typeof usableKernels> {
  const root = temporaryFolder();
  for (const isa of isas) {
    const place = join(root, kernelsAddon(isa));
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, '');
  }
  return usableKernels(root, environment, (path) => {
    const isa = isas.find((known) => path.endsWith(kernelsAddon(known)));
    return {
      granted: true,
      check: () => null,
      useInPrograms: () => undefined,
      trimAtNextCall: () => undefined,
      ...addons[isa ?? '']?.(),
    };
  });
}

describe.runIf(isas.length > 0)('usable kernels', () => {
  const [best = 'avx2', second] = isas;
  const wrong = (): Partial<KernelsAddon> => ({ check: () => 'karst_matmul' });

  it('are those of the best ISA', () => {
    const { kernels, refused } = usable({});
    expect(kernels?.isa).toBe(best);
    expect(refused).toEqual([]);
  });

  it.each<[string, () => Partial<KernelsAddon>, string]>([
    ['that come to a wrong result', wrong, 'karst_matmul gave a wrong result'],
    [
      'whose check throws',
      () => ({
        check: () => {
          throw new Error('std::bad_alloc\nand more');
        },
      }),
      'they do not run (std::bad_alloc)',
    ],
    [
      'that do not load',
      () => {
        throw new Error('invalid ELF header');
      },
      'they do not run (invalid ELF header)',
    ],
    [
      'that the system grants nothing',
      () => ({ granted: false, ...wrong() }),
      'the system does not allow processes to use the instructions they need',
    ],
  ])('are not those %s, but the next ones', (_, addon, reason) => {
    const { kernels, refused } = usable({ [best]: addon });
    expect(kernels?.isa).toBe(second);
    expect(refused).toEqual([{ isa: best, reason }]);
  });

  it('are none where all are wrong, or where the one that is named is', () => {
    const all = usable(Object.fromEntries(isas.map((isa) => [isa, wrong])));
    expect(all.kernels).toBeNull();
    expect(all.refused.map(({ isa }) => isa)).toEqual(isas);
    const named = usable({ [best]: wrong }, { KARST_KERNELS: best });
    expect(named.kernels).toBeNull();
    expect(named.refused).toHaveLength(1);
  });

  it('are none, and nothing is loaded, where none are wanted', () => {
    const load = (): never => {
      throw new Error('loaded');
    };
    expect(
      usable(Object.fromEntries(isas.map((isa) => [isa, load])), { KARST_KERNELS: 'none' }),
    ).toEqual({ kernels: null, refused: [] });
  });
});
