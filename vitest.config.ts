import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vitest/config';
import { compileCacheFolder } from './main/native/cache-folder.mjs';
import { engineEnvironment } from './main/native/tensorflow-environment.mjs';

/** Suites by folder. `full` takes long and runs with `npm run test:full` only. */
const SUITES = [
  { name: 'unit', testTimeout: 120_000 },
  { name: 'integration', testTimeout: 300_000 },
  { name: 'full', testTimeout: 3_600_000 },
];

export default defineConfig({
  plugins: [vue()],
  test: {
    // Native code ends with its process, and what a test leaves behind does not reach the next file.
    pool: 'forks',
    maxWorkers: 2,
    projects: SUITES.map(({ name, testTimeout }) => ({
      extends: true,
      test: {
        name,
        include: [`test/${name}/**/*.test.ts`],
        testTimeout,
        hookTimeout: testTimeout,
        // As for `karst`: threads and processes of the engine start with what was compiled once.
        env: { NODE_COMPILE_CACHE: compileCacheFolder(), ...engineEnvironment({ threads: 2 }) },
      },
    })),
  },
});
