import { defineConfig } from '@playwright/test';

/**
 * The studio in a real Electron window. `npm test` provides Electron, Xvfb, the shell and the
 * pages; to run manually, set KARST_TEST_ELECTRON to Electron's executable:
 * `npx playwright test --config test/electron`.
 */
export default defineConfig({
  testDir: '.',
  testMatch: '**/*.test.ts',
  outputDir: '../../test-results/electron',
  globalSetup: './fixtures/virtual-display.ts',
  // Each test runs an application, a host and possibly an engine; two at a time use the machine
  // fully.
  workers: 2,
  // Long enough for a busy machine; waits end as soon as their condition holds.
  timeout: 600_000,
  // Stop early if something makes every test fail.
  maxFailures: 5,
  expect: { timeout: 60_000 },
  forbidOnly: process.env['CI'] !== undefined,
  reporter: [['list']],
});
