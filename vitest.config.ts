import vue from '@vitejs/plugin-vue';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { cacheFolder, compileCacheFolder } from './main/platform/cache-folder.mjs';
import { KERNELS_VARIABLE, processorIsas } from './main/platform/kernels.mjs';
import { engineEnvironment, xlaCacheFlag } from './main/platform/engine-environment.mjs';

interface Suite {
  readonly name: string;
  /** Below `test` (default: the name). */
  readonly folder?: string;
  readonly testTimeout: number;
  /** LLVM optimisation level of XLA's programs (default: full). */
  readonly optimised?: number;
  readonly env?: Readonly<Record<string, string>>;
}

const UNIT = { testTimeout: 300_000, optimised: 0 };

/**
 * Suites by folder. `full` is slow and runs only with `npm run test:full`. The others run most
 * programs a few times on small inputs, so compilation dominates and LLVM optimises less. The
 * oracle, the suites with pages and `full` compile with full optimisation, as the studio does.
 */
const SUITES: readonly Suite[] = [
  { name: 'unit', ...UNIT },
  // Kernels of the ISAs below this processor's best, which `unit` covers. None when the variable
  // names an ISA: `unit` tests that one then.
  ...(process.env[KERNELS_VARIABLE] ? [] : processorIsas().slice(1)).map((isa) => ({
    ...{ name: `unit-${isa}`, folder: 'unit/kernels', ...UNIT },
    env: { [KERNELS_VARIABLE]: isa },
  })),
  { name: 'integration', testTimeout: 900_000, optimised: 1 },
  { name: 'full', testTimeout: 3_600_000 },
];

/** XLA's cache key ignores the optimisation level, so tests use a separate cache per level. */
function compiledQuickly(optimised: number): Record<string, string> {
  const folder = join(cacheFolder(), `xla-tests-${String(optimised)}`);
  mkdirSync(folder, { recursive: true });
  return {
    TF_XLA_FLAGS: xlaCacheFlag(folder),
    XLA_FLAGS: `--xla_backend_optimization_level=${String(optimised)}`,
  };
}

/** XLA flags of the caller's environment, which take precedence over the suite's. */
function asked(): Record<string, string> {
  const { TF_XLA_FLAGS, XLA_FLAGS } = process.env;
  return {
    ...(TF_XLA_FLAGS ? { TF_XLA_FLAGS } : {}),
    ...(XLA_FLAGS ? { XLA_FLAGS } : {}),
  };
}

export default defineConfig({
  plugins: [vue()],
  test: {
    // A process per file, so that native state and leftovers of a test cannot affect the next file.
    pool: 'forks',
    maxWorkers: 2,
    // Generous, since the time until a condition holds depends on the machine.
    expect: { poll: { timeout: 60_000, interval: 20 } },
    projects: SUITES.map(({ name, folder = name, testTimeout, optimised, env }) => ({
      extends: true,
      test: {
        name,
        include: [`test/${folder}/**/*.test.ts`],
        testTimeout,
        hookTimeout: testTimeout,
        // As in `karst`, engine threads and processes start from the compile cache.
        env: {
          NODE_COMPILE_CACHE: compileCacheFolder(),
          ...engineEnvironment({ threads: 2 }),
          ...(optimised === undefined ? {} : { ...compiledQuickly(optimised), ...asked() }),
          ...env,
        },
      },
    })),
  },
});
