import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { exportFile, exportModel, merge, stopRun, trainSample } from './fixtures/first-steps.ts';
import { chooseInMenu, ENGINE_MS, expectPictures, figure, goTo } from './fixtures/parts.ts';
import { expect, test } from './fixtures/studio.ts';

test('from the first start to a merged model, an export and the images behind a mistake', async ({
  studio,
  page,
}) => {
  test.setTimeout(3 * ENGINE_MS);
  const name = await test.step('the sample trains after one click', () => trainSample(page));
  const accuracy = await test.step('stopping keeps the best adapter', () => stopRun(page));

  await test.step('the adapter is in the library', async () => {
    await page.getByRole('link', { name: 'Open in the library' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(name);
    await expect(figure(page, 'Figures of the adapter', 'Accuracy')).toHaveText(accuracy);
  });
  await test.step('it is merged by one click, and the merge is proved', () => merge(page, name));
  await test.step('it is exported as one file', () =>
    exportFile(page, name, join(studio.home, 'digits.karst')));
  await test.step('it is exported as a model for other programs', () =>
    exportModel(page, name, join(studio.home, 'digits for others')));
  await test.step('it is tagged', async () => {
    await page.getByRole('textbox', { name: 'Add a tag' }).fill('postal');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('button', { name: 'Remove: postal' })).toBeVisible();
  });
  await test.step('a cell of its confusion matrix opens the images behind it', () =>
    evaluate(page, name, accuracy));
  await test.step('the library finds it by name and tag', () => search(page, name));
  await test.step('it goes to the bin and comes back', () => removeAndRestore(page, name));
});

async function evaluate(page: Page, name: string, accuracy: string): Promise<void> {
  await page.getByRole('button', { name: 'Evaluate' }).first().click();
  const dialog = page.getByRole('dialog', { name: `Evaluate ${name}` });
  await expect(dialog.getByRole('combobox', { name: 'Split' })).toHaveText('Validation');
  await dialog.getByRole('button', { name: 'Evaluate' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(
    `${name} on Handwritten digits`,
    { timeout: ENGINE_MS },
  );
  // Same images as the validation during training, so the same accuracy.
  await expect(figure(page, 'Figures of the evaluation', 'Accuracy')).toHaveText(accuracy);

  const matrix = page.getByRole('table', { name: 'Confusion matrix' });
  const cells = await matrix
    .getByRole('button')
    .evaluateAll((all) => all.map((cell) => cell.getAttribute('aria-label') ?? ''));
  expect(cells).toHaveLength(100);
  const mistake = cells
    .map((cell) => /^Actual (\d), predicted (\d): ([\d,]+)$/.exec(cell))
    .find((cell) => cell !== null && cell[1] !== cell[2] && cell[3] !== '0');
  if (!mistake) throw new Error(`no mistakes after so short a training: ${cells.join('; ')}`);
  const [cell = '', truth = '', predicted = '', count = ''] = mistake;
  await matrix.getByRole('button', { name: cell, exact: true }).click();

  const panel = page.getByRole('complementary', {
    name: `Actual ${truth}, predicted ${predicted}`,
  });
  const pictures = panel.getByRole('img');
  await expect(pictures).toHaveCount(Math.min(48, Number(count)));
  await expectPictures(pictures);
  for (const answer of await pictures.evaluateAll((all) =>
    all.map((one) => one.getAttribute('alt')),
  )) {
    expect(answer).toContain(`actual ${truth}, predicted ${predicted}, confidence`);
  }
  await panel.getByRole('listitem').first().getByRole('button').click();
  const large = page.getByRole('dialog', {
    name: new RegExp(`^actual: ${truth} · predicted: ${predicted}, confidence`),
  });
  await expectPictures(large.getByRole('img'));
  await large.getByRole('button', { name: 'Show all probabilities' }).click();
  await expect(large.getByRole('listitem')).toHaveCount(10, { timeout: ENGINE_MS });
  await expect(large.getByRole('listitem').first()).toContainText(predicted);
  await page.keyboard.press('Escape');
  await panel.getByRole('button', { name: 'Close' }).click();

  await page.getByRole('tab', { name: 'Mistakes' }).click();
  await expectPictures(page.getByRole('tabpanel').getByRole('img'));
}

async function search(page: Page, name: string): Promise<void> {
  await goTo(page, 'Library');
  const row = page.getByRole('row', { name: new RegExp(name) });
  const box = page.getByRole('searchbox');
  await expect(row).toBeVisible();
  await box.fill('orchid');
  await expect(page.getByText('No matching adapters')).toBeVisible();
  await box.fill('postal');
  await expect(row).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(box).toHaveValue('');
  await page.getByRole('combobox', { name: 'Tag' }).click();
  await page.getByRole('option', { name: 'postal' }).click();
  await expect(row).toContainText('postal');
  await expect(page.getByText('One adapter', { exact: true })).toBeVisible();
}

async function removeAndRestore(page: Page, name: string): Promise<void> {
  const row = page.getByRole('row', { name: new RegExp(name) });
  await chooseInMenu(page, row.getByRole('button', { name: /^More actions/ }), 'Remove');
  const question = page.getByRole('alertdialog', { name: `Remove ${name}` });
  await question.getByRole('button', { name: 'Remove' }).click();
  await expect(row).toBeHidden();

  await goTo(page, 'Settings');
  const binned = page
    .getByRole('listitem')
    .filter({ hasText: name })
    .filter({ hasText: 'Adapter' });
  await binned.getByRole('button', { name: 'Restore' }).click();
  await expect(page.getByText(`${name} is restored.`, { exact: true })).toBeVisible();
  await expect(page.getByText(/^The bin is empty/)).toBeVisible();
  await goTo(page, 'Library');
  await expect(row).toContainText('postal');
}
