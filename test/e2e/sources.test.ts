import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startHub, type HubServer } from '../fixtures/hub-server.ts';
import { writeTinyBackbone } from '../fixtures/tiny-backbone.ts';
import { serveStudio, type ServedStudio } from './fixtures/served-studio.ts';
import { expect, test } from '@playwright/test';

/** Of the catalogue's dinov2-small. */
const ADDRESS = 'facebook/dinov2-small';
let folder: string;
let hub: HubServer;
let studio: ServedStudio;

test.beforeEach(async ({ page }) => {
  folder = mkdtempSync(join(tmpdir(), 'karst-sources-'));
  const weights = await writeTinyBackbone(join(folder, 'source'));
  hub = await startHub(ADDRESS, {
    'model.safetensors': readFileSync(weights),
    'config.json': readFileSync(join(dirname(weights), 'config.json')),
  });
  const cache = join(folder, 'hub');
  await writeTinyBackbone(join(cache, 'models--someone--moss', 'snapshots', 'a'.repeat(40)), {
    seed: 1,
  });
  const env = { HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: cache, TORCH_HOME: join(folder, 'torch') };
  studio = await serveStudio({ env });
  await page.goto(studio.url);
});
test.afterEach(async () => {
  await studio.close();
  await hub.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a model of the catalogue is asked about, downloaded and added', async ({ page }) => {
  await page.goto(`${studio.origin}/backbones?get=1`);
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('heading', { name: 'Get a backbone' })).toBeVisible();
  await expect(
    dialog.getByRole('listitem').filter({ hasText: 'address not tried' }),
  ).not.toHaveCount(0);
  expect(hub.asked).toEqual([]);
  hub.faults = { status: 503 };
  await dialog.getByRole('button', { name: 'Get dinov2-small' }).click();
  await expect(dialog.getByRole('alert')).toContainText('answered with status 503');
  hub.faults = {};
  await dialog.getByRole('button', { name: 'Get dinov2-small' }).click();
  await expect(dialog).toContainText(`are asked for from ${hub.host}`);
  await expect(dialog).toContainText(`Into ${join(folder, 'hub')}`);
  await expect(dialog).toContainText('License: apache-2.0.');
  expect(hub.asked.some(({ path }) => path.includes('/resolve/'))).toBe(false);
  await dialog.getByRole('button', { name: /^Download/ }).click();
  await expect(page.getByRole('complementary', { name: 'dinov2-small' })).toBeVisible();
  await page.getByRole('button', { name: 'Get one' }).click();
  await expect(dialog.getByRole('button', { name: 'Show dinov2-small' })).toBeVisible();
});

test('a model that is on this computer is added where it lies', async ({ page }) => {
  await page.goto(`${studio.origin}/backbones`);
  await page.getByRole('button', { name: 'Add a backbone' }).first().click();
  await page.getByRole('menuitem', { name: 'Found on this computer' }).click();
  const dialog = page.getByRole('dialog', { name: 'Found on this computer' });
  await dialog.getByRole('checkbox', { name: 'Add someone/moss' }).click();
  await dialog.getByRole('button', { name: 'Add one' }).click();
  const panel = page.getByRole('complementary', { name: 'moss' });
  await expect(panel).toContainText(join(folder, 'hub', 'models--someone--moss'));
  expect(hub.asked).toEqual([]);
});
