import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SAMPLE } from '../fixtures/sample.ts';
import { expect, test } from './fixtures/studio.ts';

/** Copies images of a digit, from the first or from a later one on. */
function copyDigits(digit: string, target: string, from: number, count: number): void {
  mkdirSync(target, { recursive: true });
  const files = readdirSync(join(SAMPLE, digit)).sort();
  for (const file of files.slice(from, from + count))
    cpSync(join(SAMPLE, digit, file), join(target, file));
}

test('a dataset takes new files of its folder, and images from elsewhere into a new class', async ({
  studio,
  page,
}, testInfo) => {
  const folder = testInfo.outputPath('gulls');
  const elsewhere = testInfo.outputPath('more gulls');
  copyDigits('0', join(folder, 'zero'), 0, 8);
  copyDigits('3', join(folder, 'three'), 0, 8);
  copyDigits('7', elsewhere, 0, 6);
  await page.goto(`${studio.origin}/data`);
  await page.getByRole('button', { name: 'Import images' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Folder or list').fill(folder);
  await dialog.getByRole('button', { name: 'Import', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('gulls');
  const total = page.getByRole('status').filter({ hasText: /images?$/ });
  await expect(total).toHaveText('16 images');

  await test.step('an update shows what is new before it takes it', async () => {
    copyDigits('0', join(folder, 'zero'), 20, 4);
    copyDigits('5', join(folder, 'five'), 0, 3);
    const [gone = ''] = readdirSync(join(folder, 'three'));
    rmSync(join(folder, 'three', gone));
    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Find new files' }).click();
    await expect(dialog).toContainText('7 new images in 2 classes');
    await expect(dialog).toContainText('One image is missing');
    await expect(dialog.getByRole('listitem').filter({ hasText: 'five' })).toContainText(
      'new class',
    );
    await dialog.getByRole('button', { name: 'Update' }).click();
    await expect(page.getByText('gulls is up to date.').first()).toBeVisible();
    await expect(total).toHaveText('23 images');
    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Find new files' }).click();
    await expect(dialog).toContainText('Nothing is new, changed or missing.');
    await dialog.getByRole('button', { name: 'Close' }).last().click();
  });

  await test.step('images from elsewhere join a class that is made for them', async () => {
    await page.getByRole('button', { name: 'Add images' }).click();
    await dialog.getByLabel('Folder or image').fill(elsewhere);
    await dialog.getByRole('combobox', { name: 'Class' }).click();
    await page.getByRole('option', { name: 'New class…' }).click();
    await dialog.getByLabel('Name of the new class').fill('seven');
    await expect(dialog).toContainText('6 new images in one class');
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();
    await expect(page.getByText('6 images were added to gulls.').first()).toBeVisible();
    await expect(total).toHaveText('29 images');
    await page.getByRole('searchbox', { name: 'Search file names' }).fill('more gulls/');
    await expect(total).toHaveText('6 images');
  });

  await test.step('selected images move to a class that is made for them', async () => {
    const images = page.getByRole('listbox', { name: 'Images of gulls' }).getByRole('option');
    await images.first().click();
    await page.getByRole('button', { name: 'Change class' }).click();
    await page.getByRole('menuitem', { name: 'New class…' }).click();
    await dialog.getByLabel('Name of the new class').fill('doubtful');
    await dialog.getByRole('button', { name: 'Change class' }).click();
    await expect(page.getByText('One image changed.').first()).toBeVisible();
    await expect(images.first()).toHaveAccessibleName(/doubtful/);
    await page.keyboard.press('Control+z');
    await expect(page.getByText('Undone: One image changed.').first()).toBeVisible();
    await expect(images.first()).toHaveAccessibleName(/seven/);
    await page.getByRole('combobox', { name: 'Class' }).click();
    await expect(page.getByRole('option', { name: 'seven' })).toBeVisible();
    await expect(page.getByRole('option', { name: 'doubtful' })).toBeHidden();
  });
});
