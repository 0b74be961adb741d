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
  /** How much LLVM makes of what XLA hands it (default: all that it can do). */
  readonly optimised?: number;
  readonly env?: Readonly<Record<string, string>>;
}

const UNIT = { testTimeout: 300_000, optimised: 0 };

/**
 * Suites by folder. `full` takes long and runs with `npm run test:full` only. Of the others most programs run a few times on little,
 * and compiling them is most of the time that they take. The studio's own way, with all that LLVM can do, is what the oracle, the
 * suites with pages and `full` go.
 */
const SUITES: readonly Suite[] = [
  { name: 'unit', ...UNIT },
  // The kernels of lesser processors: those of the best one that this can be are in `unit`. Whoever names an ISA tests that one.
  ...(process.env[KERNELS_VARIABLE] ? [] : processorIsas().slice(1)).map((isa) => ({
    ...{ name: `unit-${isa}`, folder: 'unit/kernels', ...UNIT },
    env: { [KERNELS_VARIABLE]: isa },
  })),
  { name: 'integration', testTimeout: 900_000, optimised: 1 },
  { name: 'full', testTimeout: 3_600_000 },
];

/** A program is found again by what it computes, however it was compiled: those of tests are kept from those of people. */
function compiledQuickly(optimised: number): Record<string, string> {
  const folder = join(cacheFolder(), `xla-tests-${String(optimised)}`);
  mkdirSync(folder, { recursive: true });
  return {
    TF_XLA_FLAGS: xlaCacheFlag(folder),
    XLA_FLAGS: `--xla_backend_optimization_level=${String(optimised)}`,
  };
}

/** What whoever starts the tests wants to see of XLA. */
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
    // Native code ends with its process, and what a test leaves behind does not reach the next file.
    pool: 'forks',
    maxWorkers: 2,
    // What is waited for comes; how soon is the machine's affair.
    expect: { poll: { timeout: 60_000, interval: 20 } },
    projects: SUITES.map(({ name, folder = name, testTimeout, optimised, env }) => ({
      extends: true,
      test: {
        name,
        include: [`test/${folder}/**/*.test.ts`],
        testTimeout,
        hookTimeout: testTimeout,
        // As for `karst`: threads and processes of the engine start with what was compiled once.
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
