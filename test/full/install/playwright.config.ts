import { defineConfig } from '@playwright/test';

/**
 * The Debian package from build to removal: `npm run test:full -- --only install`, which also
 * provides Electron, Xvfb, the shell and the pages. Requires root and permission to mount.
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
