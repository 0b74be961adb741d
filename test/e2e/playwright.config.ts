import { defineConfig } from '@playwright/test';
import { findChromium } from '../setup/chromium.mjs';

/**
 * The studio in Chromium, over `karst serve`. `npm test` provides the browser and the built pages;
 * to run manually: `npx playwright test --config test/e2e`. `--trace retain-on-failure` records
 * failures for inspection and takes a fifth longer.
 */
export default defineConfig({
  testMatch: '**/*.test.ts',
  globalSetup: './fixtures/suite-folder.ts',
  outputDir: '../../test-results/e2e',
  // At most two studios at a time, because trainings share the machine with the browser.
  workers: 2,
  projects: [
    {
      // These tests share one furnished studio and must not change it.
      name: 'furnished',
      testDir: 'furnished',
      // Not tests: they take screenshots for the docs if a folder is named.
      testIgnore: process.env['KARST_SCREENSHOTS'] === undefined ? '**/screens.test.ts' : [],
      workers: 1,
    },
    {
      // Each of these tests has its own studio.
      name: 'own',
      testDir: '.',
      testIgnore: 'furnished/**',
      workers: 1,
    },
  ],
  // Long enough for a busy machine; waits end as soon as their condition holds.
  timeout: 600_000,
  // Stop early if something makes every test fail.
  maxFailures: 5,
  expect: { timeout: 60_000 },
  forbidOnly: process.env['CI'] !== undefined,
  reporter: [['list']],
  use: {
    browserName: 'chromium',
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
    launchOptions: {
      executablePath: findChromium() ?? 'no-chromium-was-found',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--use-fake-ui-for-media-stream',
        '--use-fake-device-for-media-stream',
      ],
    },
  },
});
