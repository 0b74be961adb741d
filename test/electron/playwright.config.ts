import { defineConfig } from '@playwright/test';

/**
 * The studio in a real Electron window. `npm test` brings Electron, Xvfb, the shell and the pages; by hand, with
 * KARST_TEST_ELECTRON naming Electron's executable: `npx playwright test --config test/electron`.
 */
export default defineConfig({
  testDir: '.',
  testMatch: '**/*.test.ts',
  outputDir: '../../test-results/electron',
  globalSetup: './fixtures/virtual-display.ts',
  // Each test has an application, a host and perhaps an engine of its own: two of them keep the machine busy.
  workers: 2,
  // Long enough for a busy machine: what is waited for comes, and a wait ends with it.
  timeout: 600_000,
  // What keeps every test from its end is told soon enough.
  maxFailures: 5,
  expect: { timeout: 60_000 },
  forbidOnly: process.env['CI'] !== undefined,
  reporter: [['list']],
});
