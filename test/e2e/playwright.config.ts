import { defineConfig } from '@playwright/test';
import { findChromium } from '../setup/chromium.mjs';

/**
 * The studio in Chromium, over `karst serve`. `npm test` brings the browser and the built pages; by hand:
 * `npx playwright test --config test/e2e`, and with `--trace retain-on-failure` what went wrong can be looked through; that
 * takes a fifth of the time more.
 */
export default defineConfig({
  testMatch: '**/*.test.ts',
  globalSetup: './fixtures/suite-folder.ts',
  outputDir: '../../test-results/e2e',
  // Trainings share the machine with the browser: two studios at a time, and time enough for them.
  workers: 2,
  projects: [
    {
      // They share one studio, in which something was done already, and leave it as it is.
      name: 'furnished',
      testDir: 'furnished',
      // They hold nothing; they draw, for the docs, when a folder is named.
      testIgnore: process.env['KARST_SCREENSHOTS'] === undefined ? '**/screens.test.ts' : [],
      workers: 1,
    },
    {
      // Each has a studio of its own.
      name: 'own',
      testDir: '.',
      testIgnore: 'furnished/**',
      workers: 1,
    },
  ],
  // Long enough for a busy machine: what is waited for comes, and a wait ends with it.
  timeout: 600_000,
  // What keeps every test from its end is told soon enough.
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
