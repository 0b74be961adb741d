import { defineConfig } from '@playwright/test';

/**
 * The Debian package, from its making to its removal: `npm run test:full -- --only install`, which brings Electron, Xvfb, the shell and
 * the pages. Needs root, on a machine that lets it mount.
 */
export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.ts',
  outputDir: '../../../test-results/install',
  globalSetup: '../../electron/fixtures/virtual-display.ts',
  workers: 1,
  timeout: 2_400_000,
  expect: { timeout: 120_000 },
  forbidOnly: process.env['CI'] !== undefined,
  reporter: [['list']],
});
