import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Page } from '@playwright/test';
import { TINY_VIT, writeTinyBackbone } from '../fixtures/tiny-backbone.ts';
import { chooseInMenu } from './fixtures/parts.ts';
import { expect, test } from './fixtures/studio.ts';

/** Writes a backbone of width 32 without a config, so that its number of heads is unknown. */
async function headless(folder: string): Promise<string> {
  const weights = await writeTinyBackbone(folder);
  rmSync(join(dirname(weights), 'config.json'));
  const file = join(folder, 'mosses.safetensors');
  renameSync(weights, file);
  return file;
}

async function addFile(page: Page, file: string): Promise<void> {
  await page.getByRole('button', { name: 'Add a backbone' }).first().click();
  await page.getByRole('menuitem', { name: 'A file of weights' }).click();
  const browser = page.getByRole('dialog', { name: 'Choose a file of weights' });
  await browser.getByRole('textbox', { name: 'Path' }).fill(dirname(file));
  await browser.getByRole('textbox', { name: 'Path' }).press('Enter');
  await browser.getByRole('option', { name: file.slice(dirname(file).length + 1) }).click();
  await browser.getByRole('button', { name: 'Choose', exact: true }).click();
}

test('a backbone is added, asked for its heads, looked at, renamed and removed', async ({
  studio,
  page,
}, testInfo) => {
  const file = await headless(testInfo.outputPath('models'));
  await page.goto(`${studio.origin}/backbones`);
  await addFile(page, file);

  const question = page.getByRole('dialog', { name: 'Add mosses.safetensors' });
  const heads = question.getByRole('spinbutton', { name: 'Heads' });
  await expect(heads).toBeVisible();
  await expect(question.getByRole('button', { name: 'Add', exact: true })).toBeDisabled();
  await heads.fill('5');
  await heads.press('Tab');
  // The width of 32 is not divisible by five heads.
  await expect(question.getByRole('alert')).toContainText('5');
  await heads.fill(String(TINY_VIT.heads));
  await heads.press('Tab');
  // What was found, and what was said of it, which can still be changed.
  await expect(question).toContainText(`ViT, ${TINY_VIT.depth} blocks, width 32, 2 heads, patch 4`);
  await expect(question).toContainText('safetensors, named as timm does');
  await expect(question.getByRole('spinbutton', { name: 'Attention heads' })).toHaveValue('2');
  await question.getByRole('button', { name: 'Add', exact: true }).click();

  const panel = page.getByRole('complementary', { name: 'mosses' });
  await expect(panel).toContainText(`ViT, ${TINY_VIT.depth} blocks, width 32, 2 heads, patch 4`);
  await expect(panel).toContainText('as given');
  await expect(panel).toContainText(/[0-9a-f]{64}/);

  // The next choice begins where this one was made, and says what its button takes.
  await page.getByRole('button', { name: 'Add a backbone' }).first().click();
  await page.getByRole('menuitem', { name: 'A model folder' }).click();
  const browser = page.getByRole('dialog', { name: 'Choose a model folder' });
  await expect(browser.getByRole('textbox', { name: 'Path' })).toHaveValue(dirname(file));
  await expect(
    browser.getByText(/^This folder, models, has .* and no images of its own\.$/),
  ).toBeVisible();
  await browser.getByRole('button', { name: 'Cancel' }).click();

  const menu = panel.getByRole('button', { name: 'More actions: mosses' });
  await chooseInMenu(page, menu, 'Rename');
  const rename = page.getByRole('dialog', { name: 'Rename mosses' });
  await rename.getByRole('textbox').fill('Mosses, small');
  await rename.getByRole('button', { name: 'Rename' }).click();
  const row = page.getByRole('row', { name: /^Mosses, small/ });
  await expect(row).toBeVisible();

  await chooseInMenu(page, row.getByRole('button', { name: /^More actions/ }), 'Remove');
  await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
  await expect(row).toHaveCount(0);
});

test('a file that is no backbone is told of by name, and nothing is added', async ({
  studio,
  page,
}, testInfo) => {
  mkdirSync(testInfo.outputPath('models'), { recursive: true });
  const file = testInfo.outputPath('models', 'torn.safetensors');
  writeFileSync(file, Buffer.alloc(64, 255));
  await page.goto(`${studio.origin}/backbones`);
  await addFile(page, file);
  const dialog = page.getByRole('dialog', { name: 'Add torn.safetensors' });
  await expect(dialog.getByRole('alert')).toContainText(file);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('table', { name: 'Backbones' }).locator('tbody tr')).toHaveCount(1);
});
