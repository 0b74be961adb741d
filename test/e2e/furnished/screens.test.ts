import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import sharp from 'sharp';
import { SAMPLE } from '../../fixtures/sample.ts';
import {
  openFurnishedStudio,
  type FurnishedStudio,
  type Furnishing,
} from '../fixtures/furnished-studio.ts';
import { ENGINE_MS } from '../fixtures/parts.ts';
import { openScreen, SCREENS } from '../fixtures/screens.ts';
import { expect, test as base } from '../fixtures/studio.ts';

/**
 * Screenshots of every screen for the documentation, not visual regression tests.
 * `KARST_SCREENSHOTS` names the output folder. With `KARST_E2E_FOLDER` the trainings run only once.
 */
const FOLDER = process.env['KARST_SCREENSHOTS'] ?? '';
const THEMES = ['light', 'dark'] as const;
/** The full sample, trained for as many epochs as the welcome screen does. */
const SHOWROOM: Furnishing = { name: 'showroom', images: () => SAMPLE, epochs: 6 };

const test = base.extend<object, { showroom: FurnishedStudio }>({
  showroom: [
    // Playwright requires a destructuring pattern here.
    async ({}, use) => {
      const showroom = await openFurnishedStudio(SHOWROOM);
      await use(showroom);
      showroom.client.close();
      await showroom.served.close();
    },
    { scope: 'worker', timeout: 4 * ENGINE_MS },
  ],
  page: async ({ page, showroom }, use) => {
    await page.request.get(showroom.served.url);
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await use(page);
  },
});

/** Takes a screenshot in both themes. */
async function take(page: Page, name: string): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  for (const colorScheme of THEMES) {
    await page.emulateMedia({ colorScheme });
    await expect(page.locator('html')).toHaveAttribute('data-theme', colorScheme);
    const picture = await page.screenshot({ animations: 'disabled' });
    await sharp(picture)
      .png({ palette: true, colours: 128, effort: 10 })
      .toFile(join(FOLDER, `${name}-${colorScheme}.png`));
  }
}

// The sample has no problems to show.
for (const screen of SCREENS.filter(({ name }) => name !== 'dataset-problems')) {
  test(`picture of ${screen.name}`, async ({ showroom, page }) => {
    await openScreen(page, showroom, screen);
    if (screen.name === 'try') await showPictures(page);
    if (screen.name === 'evaluation') await openMistake(page);
    // Wait for images and charts.
    await page.waitForLoadState('networkidle');
    await take(page, screen.name);
  });
}

test('picture of the welcome', async ({ showroom, page }) => {
  await showroom.client.call('settings.update', { welcomed: false });
  await page.goto(showroom.served.origin);
  await expect(page.getByText(/TensorFlow/).first()).toBeVisible({ timeout: ENGINE_MS });
  await take(page, 'welcome');
  await showroom.client.call('settings.update', { welcomed: true });
});

test('picture of the commands', async ({ showroom, page }) => {
  await page.goto(`${showroom.served.origin}/projects/${showroom.has.project}`);
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('dialog', { name: 'Commands' })).toBeVisible();
  await take(page, 'commands');
});

test('picture of a merge', async ({ showroom, page }) => {
  test.setTimeout(ENGINE_MS);
  await page.goto(`${showroom.served.origin}/library/${showroom.has.adapter}`);
  await page.getByRole('button', { name: 'Merge', exact: true }).click();
  await expect(page.getByText('Verified.').first()).toBeVisible({ timeout: ENGINE_MS });
  await expect(page.getByRole('dialog').getByText('Verified.')).toBeVisible({ timeout: ENGINE_MS });
  await take(page, 'merge');
});

test('picture of a run that trains', async ({ showroom, page }) => {
  test.setTimeout(2 * ENGINE_MS);
  const { client, has, served } = showroom;
  const { config } = await client.call('runs.get', { id: has.run });
  const { id } = await client.call('runs.create', {
    ...{ backboneId: has.backbone, datasetId: has.dataset, projectId: has.project },
    ...{ name: 'Digits, twice as long', config },
  });
  await page.goto(`${served.origin}/runs/${id}`);
  await client.runUntil(id, ({ step, totalSteps }) => step > totalSteps / 2);
  await expect(page.getByRole('img', { name: /predicted/ }).first()).toBeVisible();
  await take(page, 'training');
  await client.call('runs.stop', { id });
  await client.runUntil(id, ({ state }) => state === 'stopped');
});

/** Chooses digits of several classes and waits for their predictions. */
async function showPictures(page: Page): Promise<void> {
  const files = readdirSync(SAMPLE).map((label) => {
    const [first = ''] = readdirSync(join(SAMPLE, label)).sort().slice(-1);
    return join(SAMPLE, label, first);
  });
  await page.locator('input[type=file]').setInputFiles(files.slice(0, 6));
  await expect(page.getByRole('main').getByText(/\d %/).nth(6)).toBeVisible({ timeout: ENGINE_MS });
}

/** Opens the off-diagonal cell with the most images. */
async function openMistake(page: Page): Promise<void> {
  const cells = page.getByRole('table', { name: 'Confusion matrix' }).getByRole('button');
  const names = await cells.evaluateAll((all) =>
    all.map((cell) => cell.getAttribute('aria-label') ?? ''),
  );
  const counts = names.map((name) => {
    const [, truth, predicted, count] = /^Actual (.+), predicted (.+): (\d+)$/.exec(name) ?? [];
    return truth === predicted ? 0 : Number(count);
  });
  await cells.nth(counts.indexOf(Math.max(...counts))).click();
  await expect(page.getByRole('complementary').getByRole('img').first()).toBeVisible();
}
