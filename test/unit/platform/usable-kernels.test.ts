import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kernelsAddon } from '../../../main/platform/addons.mjs';
import { processorLevels } from '../../../main/platform/kernels.mjs';
import { usableKernels, type KernelsAddon } from '../../../main/platform/usable-kernels.mjs';
import { temporaryFolder } from '../setup/temporary.ts';

const levels = processorLevels();

/** What loading the addon of a level comes to. */
type Addons = Partial<Record<string, () => Partial<KernelsAddon>>>;

function usable(addons: Addons, environment = {}): ReturnType<typeof usableKernels> {
  const root = temporaryFolder();
  for (const level of levels) {
    const place = join(root, kernelsAddon(level));
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, '');
  }
  return usableKernels(root, environment, (path) => {
    const level = levels.find((known) => path.endsWith(kernelsAddon(known)));
    return {
      granted: true,
      check: () => null,
      useInPrograms: () => undefined,
      trimAtNextCall: () => undefined,
      ...addons[level ?? '']?.(),
    };
  });
}

describe.runIf(levels.length > 0)('usable kernels', () => {
  const [best = 'avx2', second] = levels;
  const wrong = (): Partial<KernelsAddon> => ({ check: () => 'karst_matmul' });

  it('are those of the best level', () => {
    const { kernels, refused } = usable({});
    expect(kernels?.level).toBe(best);
    expect(refused).toEqual([]);
  });

  it.each<[string, () => Partial<KernelsAddon>, string]>([
    ['that come to a wrong result', wrong, 'karst_matmul came to a wrong result'],
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
      'the system does not let a process use what they need',
    ],
  ])('are not those %s, but the next ones', (_, addon, reason) => {
    const { kernels, refused } = usable({ [best]: addon });
    expect(kernels?.level).toBe(second);
    expect(refused).toEqual([{ level: best, reason }]);
  });

  it('are none where all are wrong, or where the one that is named is', () => {
    const all = usable(Object.fromEntries(levels.map((level) => [level, wrong])));
    expect(all.kernels).toBeNull();
    expect(all.refused.map(({ level }) => level)).toEqual(levels);
    const named = usable({ [best]: wrong }, { KARST_KERNELS: best });
    expect(named.kernels).toBeNull();
    expect(named.refused).toHaveLength(1);
  });

  it('are none, and nothing is loaded, where none are wanted', () => {
    const load = (): never => {
      throw new Error('loaded');
    };
    expect(
      usable(Object.fromEntries(levels.map((level) => [level, load])), { KARST_KERNELS: 'none' }),
    ).toEqual({ kernels: null, refused: [] });
  });
});
