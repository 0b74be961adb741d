import { readFileSync } from 'node:fs';
import { field } from '../fixtures/parts.ts';
import { expect, showing as test } from '../fixtures/studio.ts';

test('a chart is read by keyboard, shown as a table and taken away', async ({
  furnished,
  page,
}) => {
  await page.goto(`${furnished.served.origin}/runs/${furnished.has.run}`);
  const accuracy = page.getByRole('figure').filter({ hasText: 'Accuracy' });
  const plot = accuracy.getByRole('slider');
  await expect(plot.locator('canvas')).toBeVisible();
  // Wait for data: an empty chart has no first point.
  await expect(plot).toHaveAttribute('aria-valuetext', /^epoch 3,/);
  await plot.focus();
  await page.keyboard.press('Home');
  await expect(plot).toHaveAttribute('aria-valuetext', /^epoch 0\.\d+, Training .*%, Validation/);
  await page.keyboard.press('End');
  await expect(plot).toHaveAttribute('aria-valuetext', /^epoch 3, Training .* %, Validation .* %$/);

  await accuracy.getByRole('button', { name: 'Table' }).click();
  const rows = accuracy.getByRole('table').locator('tbody tr');
  const { step: steps } = await furnished.client.call('runs.get', { id: furnished.has.run });
  await expect(rows).toHaveCount(steps);
  await expect(rows.first().locator('td').first()).toHaveText('3');

  await accuracy.getByRole('button', { name: 'Save Accuracy' }).click();
  const csv = page.waitForEvent('download');
  await page.getByRole('menuitem', { name: 'Save as CSV' }).click();
  expect((await csv).suggestedFilename()).toBe('Accuracy.csv');
  const text = readFileSync(await (await csv).path(), 'utf8');
  expect(text.split('\r\n')[0]).toBe('\ufeffEpochs,Training,Validation');
  await accuracy.getByRole('button', { name: 'Save Accuracy' }).click();
  const png = page.waitForEvent('download');
  await page.getByRole('menuitem', { name: 'Save as picture' }).click();
  const picture = readFileSync(await (await png).path());
  expect(picture.subarray(1, 4).toString('latin1')).toBe('PNG');

  const axis = page.getByRole('group', { name: 'Horizontal axis' });
  await axis.getByRole('button', { name: 'Steps' }).click();
  await expect(plot).toHaveAttribute('aria-valuetext', /^step \d+,/);
  await axis.getByRole('button', { name: 'Epochs' }).click();
});

test('a run tells its answers by epoch, its settings, log and notes', async ({
  furnished,
  page,
}) => {
  await page.goto(`${furnished.served.origin}/runs/${furnished.has.run}`);
  const answers = page.getByRole('region', { name: 'Predictions on validation images' });
  await expect(answers.getByRole('listitem').getByRole('img').first()).toBeVisible();
  await expect(answers).toContainText('after epoch 3');
  await answers.getByRole('slider', { name: 'Epoch' }).focus();
  await page.keyboard.press('Home');
  await expect(answers).toContainText('after epoch 1');
  await answers.getByRole('button', { name: 'Newest' }).click();
  await expect(answers).toContainText('after epoch 3');

  const details = page.getByRole('complementary', { name: 'Details' });
  await expect(
    details.getByRole('definition').filter({ hasText: 'Handwritten digits' }),
  ).toBeVisible();
  await details.getByRole('tab', { name: 'Log' }).click();
  await expect(details.getByRole('list', { name: 'Log of the run' })).not.toBeEmpty();
  await details.getByRole('tab', { name: 'Notes' }).click();
  await expect(details.getByRole('textbox')).toHaveValue(/learning rate may still be higher/);

  await details.getByRole('tab', { name: 'Settings' }).click();
  await details.getByRole('link', { name: 'Train again with these settings' }).click();
  await expect(page.getByRole('combobox', { name: 'Preset' })).toHaveText('The run Digits, rank 8');
  await expect(field(page, 'Epochs')).toHaveValue('3');
});

test('chosen runs are compared: what differs, results, one chart for all', async ({
  furnished,
  page,
}) => {
  await page.goto(`${furnished.served.origin}/runs`);
  const compare = page.getByRole('button', { name: 'Compare' });
  await expect(compare).toBeDisabled();
  await page.getByRole('checkbox', { name: 'Select Digits, rank 8' }).click();
  await page.getByRole('checkbox', { name: 'Select Digits, classifier alone' }).click();
  await page.getByRole('button', { name: 'Compare 2' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Compare');
  const method = page.getByRole('row', { name: /^Method/ }).getByRole('cell');
  expect((await method.allTextContents()).map((text) => text.trim()).sort()).toEqual([
    'KARST',
    'Linear probe',
  ]);
  await expect(page.getByRole('row', { name: /^Best accuracy/ }).getByRole('cell')).toHaveText([
    /%/,
    /%/,
  ]);
  const charts = page.getByRole('figure');
  await expect(charts).toHaveCount(4);
  await expect(charts.first().getByRole('button', { pressed: true })).toHaveCount(2);
  await charts
    .first()
    .getByRole('button', { name: /Digits, rank 8/ })
    .click();
  await expect(charts.first().getByRole('button', { pressed: true })).toHaveCount(1);
  await page.getByRole('button', { name: 'Leave Digits, rank 8 out' }).click();
  await expect(page.getByText('Choose runs to compare')).toBeVisible();
});
