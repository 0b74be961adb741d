import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { SAMPLE } from '../fixtures/sample.ts';
import { expectPictures } from './fixtures/parts.ts';
import { expect, test } from './fixtures/studio.ts';

const PER_CLASS = 10;

/** A typical messy folder: a corrupt image, a note, a hidden file, an empty class, duplicates. */
function makeFieldNotes(folder: string): void {
  const filesOf = (digit: string): string[] =>
    readdirSync(join(SAMPLE, digit)).sort().slice(0, PER_CLASS);
  for (const [digit, name] of Object.entries({ 0: 'zero', 3: 'three', 7: 'seven' })) {
    mkdirSync(join(folder, name), { recursive: true });
    for (const file of filesOf(digit)) cpSync(join(SAMPLE, digit, file), join(folder, name, file));
  }
  mkdirSync(join(folder, 'unsorted'));
  writeFileSync(join(folder, 'zero', 'torn.jpg'), Buffer.from('ffd8ffe000104a464946', 'hex'));
  writeFileSync(join(folder, 'zero', 'notes.txt'), 'taken in May');
  writeFileSync(join(folder, 'three', '.hidden.png'), 'x');
  const [first = '', second = ''] = filesOf('0');
  cpSync(join(folder, 'zero', first), join(folder, 'zero', 'copy.png'));
  cpSync(join(folder, 'zero', second), join(folder, 'three', 'same as zero.png'));
}

/** The row that begins with this word. */
function row(page: Page, name: string) {
  return page.getByRole('row', { name: new RegExp(`^${name}`) });
}

async function choose(page: Page, field: string, option: string): Promise<void> {
  await page.getByRole('combobox', { name: field, exact: true }).click();
  await page.getByRole('option', { name: option, exact: true }).click();
}

test('a messy folder is imported, looked through and put in order', async ({
  studio,
  page,
}, testInfo) => {
  const folder = testInfo.outputPath('field notes');
  makeFieldNotes(folder);
  await page.goto(`${studio.origin}/data`);
  const images = page.getByRole('listbox', { name: 'Images of field notes' }).getByRole('option');
  const total = page.getByRole('status').filter({ hasText: /images?$/ });
  const tab = (name: string | RegExp) =>
    page
      .getByRole('radio', { name, exact: true })
      .or(page.getByRole('button', { name, exact: true }));

  await test.step('the import ends with what was wrong, file by file', async () => {
    await page.getByRole('button', { name: 'Import images' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Folder or list').fill(folder);
    await expect(dialog.getByLabel('Name', { exact: true })).toHaveValue('field notes');
    const preview = dialog.getByRole('status', { name: 'What the import makes' });
    await expect(preview).toContainText(/3 classes, 33 images.*no split of its own/);
    await expect(preview).toContainText(/seven\s*10.*Skipped \(3\): .*unsorted/);
    await dialog.getByLabel('Name', { exact: true }).press('Enter');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('field notes');
    await expect(images.first()).toBeVisible();
    await expect(
      page.getByText('field notes: 32 images imported in 3 classes.').first(),
    ).toBeVisible();
    await page.getByRole('button', { name: '5 problems' }).first().click();
    const problems = page.getByRole('table', { name: 'Problems' }).locator('tbody tr');
    await expect(problems).toHaveCount(5);
    for (const [kind, file] of [
      ['unreadable', 'zero/torn.jpg'],
      ['empty class', 'unsorted'],
      ['hidden file', 'three/.hidden.png'],
      ['duplicate', 'zero/copy.png'],
      ['two classes', /three\/same as zero\.png|zero\/\d+\.png/],
    ] as const) {
      const found = problems.filter({ has: page.getByText(kind, { exact: true }) });
      await expect(found).toHaveCount(1);
      await expect(found).toContainText(file);
    }
    const notes = page.getByRole('table', { name: 'Notes' }).locator('tbody tr');
    await expect(notes).toHaveCount(1);
    await expect(notes).toContainText(/skipped.*zero\/notes\.txt/);
  });

  await test.step('filters leave what they say', async () => {
    await tab('Images').click();
    // The tab chosen last stays.
    await page.reload();
    await expectPictures(images.first().locator('img'));
    await choose(page, 'Class', 'seven');
    await expect(total).toHaveText(`${PER_CLASS} images`);
    await choose(page, 'Class', 'All classes');
    await choose(page, 'State', 'unreadable');
    await expect(total).toHaveText('one image');
    await expect(images.first()).toHaveAccessibleName(/zero\/torn\.jpg.*unreadable/);
    await choose(page, 'State', 'All states');
    await page.getByRole('searchbox', { name: 'Search file names' }).fill('no such file');
    await expect(page.getByText('No image matches this filter.')).toBeVisible();
    await page.getByRole('button', { name: 'Show all images' }).click();
    await expect(images.first()).toBeVisible();
  });

  await test.step('images are excluded, and that is taken back', async () => {
    await choose(page, 'Class', 'seven');
    await expect(total).toHaveText(`${PER_CLASS} images`);
    await images.nth(0).click();
    await images.nth(2).click({ modifiers: ['Shift'] });
    await page.getByRole('button', { name: 'Exclude' }).click();
    await expect(images.filter({ has: page.locator('.sign') })).toHaveCount(3);
    await expect(images.nth(1)).toHaveAccessibleName(/excluded/);
    await images.nth(1).press('Control+z');
    await expect(images.filter({ has: page.locator('.sign') })).toHaveCount(0);
  });

  await test.step('the focus keeps its place when the panel comes and goes', async () => {
    const last = images.nth(PER_CLASS - 1);
    const panel = page.getByRole('complementary');
    await images.nth(0).focus();
    await page.keyboard.press('End');
    await expect(last).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(panel).toBeVisible();
    await expect(last).toBeFocused();
    await page.keyboard.press('ArrowLeft');
    await expect(images.nth(PER_CLASS - 2)).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(panel).toHaveCount(0);
    await expect(images.nth(PER_CLASS - 2)).toBeFocused();
    // Closing the panel from inside moves the focus to the image shown in it.
    await page.keyboard.press('Enter');
    await panel.getByRole('button', { name: 'Next image' }).focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    await expect(panel).toHaveCount(0);
    await expect(last).toBeFocused();
  });

  await test.step('Delete excludes, and Ctrl+Z takes back one change after the other', async () => {
    const excluded = images.filter({ has: page.locator('.sign') });
    await images.nth(1).focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('Delete');
    await expect(excluded).toHaveCount(2);
    await page.keyboard.press('Escape');
    await images.nth(5).focus();
    await page.keyboard.press('Delete');
    await expect(excluded).toHaveCount(3);
    // On another page, after the notification has disappeared.
    await page.getByRole('navigation').getByRole('link', { name: 'Settings' }).click();
    await page.keyboard.press('Control+z');
    await expect(page.getByText('Undone: One image changed.').first()).toBeVisible();
    await page.goBack();
    await tab('Images').click();
    await choose(page, 'Class', 'seven');
    await expect(total).toHaveText(`${PER_CLASS} images`);
    await expect(excluded).toHaveCount(2);
    await page.keyboard.press('Control+z');
    await expect(excluded).toHaveCount(0);
    await page.keyboard.press('Control+a');
    await expect(page.getByText(`${PER_CLASS} images selected`)).toBeVisible();
    await page.getByRole('button', { name: 'Clear selection' }).click();
  });

  await test.step('an image gets another class, by the keyboard alone', async () => {
    await images.nth(0).focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    const panel = page.getByRole('complementary');
    await panel.getByRole('combobox', { name: 'Class' }).focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('z');
    await page.keyboard.press('Enter');
    await expect(total).toHaveText(`${PER_CLASS - 1} images`);
    await tab('Classes').click();
    await expect(row(page, 'seven').getByRole('cell').nth(5)).toHaveText(String(PER_CLASS - 1));
  });

  await test.step('the split is drawn anew with other shares', async () => {
    await tab('Split').click();
    await expect(row(page, 'Now').getByRole('cell').last()).toHaveText('0');
    await page.getByRole('spinbutton', { name: 'Test split' }).fill('0.3');
    await page.getByRole('spinbutton', { name: 'Test split' }).press('Tab');
    await expect(row(page, 'After').getByRole('cell').last()).not.toHaveText('0');
    await page.getByRole('button', { name: 'Re-split (shuffle)' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Re-split (shuffle)' }).click();
    await expect(page.getByText('images moved to another split.').first()).toBeVisible();
    await expect(row(page, 'Now').getByRole('cell').last()).not.toHaveText('0');
    await expect(page.getByText('Nothing would change: this is the split')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Re-split (shuffle)' })).toBeDisabled();
  });

  await test.step('and is undone, also after a reload', async () => {
    await page.reload();
    await page.getByRole('button', { name: 'Undo the re-split' }).click();
    await expect(page.getByText('images are back in their splits.').first()).toBeVisible();
    await expect(row(page, 'Now').getByRole('cell').last()).toHaveText('0');
    await expect(page.getByRole('button', { name: 'Undo the re-split' })).toBeHidden();
  });

  await test.step('it goes to the bin, and comes back as it was', async () => {
    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Remove' }).click();
    const question = page.getByRole('alertdialog');
    await expect(question).toContainText('can be restored from there');
    await question.getByRole('button', { name: 'Remove' }).click();
    await expect(page.getByText('is in the bin.').first()).toBeVisible();
    await expect(page).toHaveURL(/data$/);
    await expect(page.getByText('No datasets yet')).toBeVisible();
    await page.goto(`${studio.origin}/settings`);
    await expect(page.getByRole('listitem').filter({ hasText: 'Dataset' })).toBeVisible();
    await page.getByRole('button', { name: 'Restore' }).click();
    await page.goto(`${studio.origin}/data`);
    await page.getByRole('row').nth(1).click();
    await tab('Classes').click();
    await expect(row(page, 'seven').getByRole('cell').nth(5)).toHaveText(String(PER_CLASS - 1));
  });
});

test('a folder that can be understood in two ways is asked about, and imported as it was said', async ({
  studio,
  page,
}, testInfo) => {
  const folder = testInfo.outputPath('sites');
  for (const site of ['north', 'south'])
    for (const [digit, name] of Object.entries({ 0: 'zero', 3: 'three' })) {
      mkdirSync(join(folder, site, name), { recursive: true });
      const files = readdirSync(join(SAMPLE, digit)).sort();
      for (const file of site === 'north' ? files.slice(0, 4) : files.slice(4, 8))
        cpSync(join(SAMPLE, digit, file), join(folder, site, name, file));
    }
  writeFileSync(join(folder, 'notes.txt'), 'taken in May');
  await page.goto(`${studio.origin}/data`);
  await page.getByRole('button', { name: 'Import images' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Folder or list').fill(folder);
  const start = dialog.getByRole('button', { name: 'Import', exact: true });
  const question = dialog.getByRole('radiogroup', { name: 'What are the classes?' });
  await expect(question.getByRole('radio')).toHaveCount(4);
  await expect(question.getByRole('radio').first()).toContainText('2 classes: north, south');
  await expect(question.getByRole('radio').first()).toContainText('16 without a split');
  await expect(question.getByRole('radio').first()).not.toContainText('0 training');
  await expect(dialog.getByText(/same folder names repeat .*: north, south/)).toBeVisible();
  await expect(dialog.getByRole('alert')).toHaveCount(0);
  await expect(start).toBeDisabled();
  await dialog.screenshot({ path: testInfo.outputPath('question.png') });
  const preview = dialog.getByRole('status', { name: 'What the import makes' });
  await question.getByRole('radio', { name: 'Use the folder north inside it' }).click();
  await expect(preview).toContainText('2 classes, 8 images');
  await expect(dialog.getByLabel('Name', { exact: true })).toHaveValue('north');
  await question
    .getByRole('radio', { name: /16 without/ })
    .last()
    .click();
  await expect(preview).toContainText(/2 classes, 16 images.*three\s*8.*Skipped: notes\.txt/);
  await start.click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('sites');
  await expect(page.getByText('sites: 16 images imported in 2 classes.').first()).toBeVisible();
  // What is no image is a note, and does not lead away from the images.
  await expect(page.getByRole('listbox', { name: 'Images of sites' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'One file skipped' }).first()).toBeVisible();
  await page
    .getByRole('radio', { name: 'Classes' })
    .or(page.getByRole('button', { name: 'Classes' }))
    .click();
  await expect(row(page, 'three').getByRole('cell', { name: '8', exact: true })).toBeVisible();
});

test('the code page of a table is asked for', async ({ studio, page }, testInfo) => {
  const folder = testInfo.outputPath('table');
  mkdirSync(folder, { recursive: true });
  const files = readdirSync(join(SAMPLE, '0')).sort().slice(0, 6);
  for (const file of files) cpSync(join(SAMPLE, '0', file), join(folder, file));
  const lines = files.map((file, i) => `${file},${i % 2 ? 'Bär' : 'Bör'}`);
  const table = join(folder, 'bears.csv');
  writeFileSync(table, Buffer.from(['file_name,label', ...lines].join('\n'), 'latin1'));
  await page.goto(`${studio.origin}/data`);
  await page.getByRole('button', { name: 'Import images' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Folder or list').fill(table);
  const start = dialog.getByRole('button', { name: 'Import', exact: true });
  await expect(dialog.getByText(/^Line 2 of .* is not UTF-8/)).toBeVisible();
  await expect(dialog.getByRole('combobox', { name: 'Code page' })).toContainText('Windows-1252');
  await start.click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('bears');
  await expect(page.getByText('bears: 6 images imported in 2 classes.').first()).toBeVisible();
});
