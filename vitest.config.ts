import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vitest/config';
import { compileCacheFolder } from './main/native/cache-folder.mjs';
import { KERNELS_VARIABLE, processorLevels } from './main/native/kernels-addon.mjs';
import { engineEnvironment } from './main/native/tensorflow-environment.mjs';

interface Suite {
  readonly name: string;
  /** Below `test` (default: the name). */
  readonly folder?: string;
  readonly testTimeout: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Suites by folder. `full` takes long and runs with `npm run test:full` only. */
const SUITES: readonly Suite[] = [
  { name: 'unit', testTimeout: 120_000 },
  // The kernels of lesser processors: those of the best one that this can be are in `unit`.
  ...processorLevels()
    .slice(1)
    .map((level) => ({
      name: `unit-${level}`,
      folder: 'unit/kernels',
      testTimeout: 120_000,
      env: { [KERNELS_VARIABLE]: level },
    })),
  { name: 'integration', testTimeout: 300_000 },
  { name: 'full', testTimeout: 3_600_000 },
];

export default defineConfig({
  plugins: [vue()],
  test: {
    // Native code ends with its process, and what a test leaves behind does not reach the next file.
    pool: 'forks',
    maxWorkers: 2,
    projects: SUITES.map(({ name, folder = name, testTimeout, env }) => ({
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
          ...env,
        },
      },
    })),
  },
});
