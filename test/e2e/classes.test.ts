import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { SAMPLE } from '../fixtures/sample.ts';
import { expect, test } from './fixtures/studio.ts';

const PER_CLASS = 6;

function makeDigits(folder: string): void {
  for (const [digit, name] of Object.entries({ 0: 'zero', 1: 'one', 7: 'seven' })) {
    mkdirSync(join(folder, name), { recursive: true });
    for (const file of readdirSync(join(SAMPLE, digit)).sort().slice(0, PER_CLASS))
      cpSync(join(SAMPLE, digit, file), join(folder, name, file));
  }
}

const row = (page: Page, name: string) => page.getByRole('row', { name: new RegExp(`^${name}`) });
/** The number of images of a class. */
const images = (page: Page, name: string) => row(page, name).getByRole('cell').nth(5);

async function act(page: Page, name: string, action: string): Promise<void> {
  await page.getByRole('button', { name: `Actions on ${name}` }).click();
  await page.getByRole('menuitem', { name: action }).click();
}

test('classes are opened, renamed, merged and left out, and all of it is undone', async ({
  studio,
  page,
}, testInfo) => {
  const folder = testInfo.outputPath('digits');
  makeDigits(folder);
  await page.goto(`${studio.origin}/data`);
  await page.getByRole('button', { name: 'Import images' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Folder or list').fill(folder);
  await expect(dialog.getByLabel('Name', { exact: true })).toHaveValue('digits');
  await expect(dialog.getByRole('status')).toContainText('3 classes');
  await dialog.getByLabel('Name', { exact: true }).press('Enter');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('digits');
  await page.goto(`${page.url()}?tab=classes`);
  await expect(images(page, 'one')).toHaveText(String(PER_CLASS));
  const history = page.getByRole('listitem');

  await test.step('a class opens its images', async () => {
    await row(page, 'seven').click();
    await expect(page.getByRole('combobox', { name: 'Class' })).toHaveText('seven');
    await expect(page.getByRole('status').filter({ hasText: `${PER_CLASS} images` })).toBeVisible();
    await page.goBack();
  });

  await test.step('it is renamed, but not to the name of another one', async () => {
    await act(page, 'seven', 'Rename');
    await dialog.getByLabel('New name').fill('one');
    await dialog.getByLabel('New name').press('Enter');
    await expect(dialog.getByRole('alert')).toContainText('merge');
    await dialog.getByLabel('New name').fill('7');
    await dialog.getByLabel('New name').press('Enter');
    await expect(images(page, '7')).toHaveText(String(PER_CLASS));
    await expect(history.filter({ hasText: '“seven” was renamed to “7”.' })).toBeVisible();
    await page.keyboard.press('Control+z');
    await expect(images(page, 'seven')).toHaveText(String(PER_CLASS));
  });

  await test.step('two are merged after the numbers were told, and are apart again', async () => {
    await act(page, 'one', 'Merge into');
    await dialog.getByRole('combobox', { name: 'Other class' }).click();
    await page.getByRole('option', { name: 'seven' }).click();
    await expect(dialog).toContainText('6 images of “one” move. “seven” then has 12.');
    await dialog.getByRole('button', { name: 'Merge', exact: true }).click();
    await expect(images(page, 'seven')).toHaveText(String(2 * PER_CLASS));
    await expect(row(page, 'one')).toBeHidden();
    await page.keyboard.press('Control+z');
    await expect(images(page, 'one')).toHaveText(String(PER_CLASS));
    await expect(images(page, 'seven')).toHaveText(String(PER_CLASS));
    await expect(
      history.filter({ hasText: '“one” was taken out of “seven” again.' }),
    ).toBeVisible();
  });

  await test.step('one is left out, by the keyboard, and taken in again', async () => {
    await row(page, 'zero').focus();
    await page.keyboard.press('Delete');
    await expect(row(page, 'zero')).toContainText('left out');
    await expect(row(page, 'zero').getByRole('cell').nth(6)).toHaveText(String(PER_CLASS));
    await expect(images(page, 'zero')).toHaveText('0');
    await page.keyboard.press('Control+z');
    await expect(images(page, 'zero')).toHaveText(String(PER_CLASS));
    await act(page, 'zero', 'Leave out');
    await expect(row(page, 'zero')).toContainText('left out');
    await act(page, 'zero', 'Take in again');
    await expect(row(page, 'zero')).not.toContainText('left out');
  });
});
