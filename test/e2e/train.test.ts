import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { TRAINING_DEFAULTS } from '../../shared/domain/training.ts';
import { makeDigits } from './fixtures/digits.ts';
import type { ServedStudio } from './fixtures/served-studio.ts';
import { StudioClient } from './fixtures/studio-client.ts';
import { expect, showing, test } from './fixtures/studio.ts';

interface Subject {
  readonly client: StudioClient;
  readonly projectId: string;
  readonly datasetId: string;
  readonly backboneId: string;
}

/** A project with a few digits, so that there is something to learn from. */
async function withDigits(studio: ServedStudio): Promise<Subject> {
  const client = await StudioClient.open(studio);
  await client.call('settings.update', { welcomed: true });
  const { id: projectId } = await client.call('projects.create', { name: 'Digits' });
  const folder = join(studio.home, 'digits');
  makeDigits(folder, { perClass: 8 });
  const { datasetId } = await client.finish(
    client.call('datasets.import', {
      path: folder,
      name: 'Few digits',
      val: 0.25,
      test: 0,
      seed: 0,
      projectId,
    }),
    'dataset',
  );
  const [starter] = await client.call('backbones.list', {});
  if (starter === undefined) throw new Error('the studio has no starter backbone');
  return { client, projectId, datasetId, backboneId: starter.backbone.id };
}

const field = (page: Page, name: string) =>
  page.getByRole('main').getByRole('spinbutton', { name, exact: true });
const state = (page: Page) => page.getByRole('main').locator('header .status').first();

test('settings are explained, limited, marked where they were changed, and taken back', async ({
  studio,
  page,
}) => {
  const { client, projectId } = await withDigits(studio);
  await page.goto(`${studio.origin}/train?project=${projectId}`);
  const main = page.getByRole('main');
  await expect(main.getByRole('combobox', { name: 'Dataset' })).toHaveText('Few digits');
  await expect(main.getByRole('combobox', { name: 'Backbone' })).toHaveText('starter');

  const panel = page.getByRole('complementary', { name: 'What it takes' });
  await expect(panel.getByText('Trained parameters')).toBeVisible();
  const methods = page.getByRole('radiogroup', { name: 'Method' });
  await expect(methods.getByRole('radio')).toHaveCount(3);
  const trained = panel.locator('dd').first();
  const before = await trained.textContent();
  await main.getByRole('button', { name: /^KARST/ }).click();
  await field(page, 'Rank').fill('4');
  await page.keyboard.press('Tab');
  await expect(trained).not.toHaveText(before ?? '');
  await expect(methods.getByRole('radio', { checked: true })).toContainText(
    `${(await trained.textContent())?.trim()} trained`,
  );

  await main.getByRole('button', { name: 'Rank', exact: true }).focus();
  await expect(page.getByRole('tooltip')).toContainText('How many directions');

  const back = main.getByRole('button', { name: 'Back to 8' });
  await expect(main.getByText('one changed')).toBeVisible();
  await back.click();
  await expect(field(page, 'Rank')).toHaveValue('8');
  await expect(back).toHaveCount(0);

  await main.getByRole('button', { name: /^Schedule/ }).click();
  await field(page, 'Warm-up').fill('30');
  await page.keyboard.press('Tab');
  await expect(main.getByText('Must be at most the 20 epochs of the run.')).toBeVisible();
  await main.getByRole('button', { name: 'Train', exact: true }).click();
  await expect(page).toHaveURL(/\/train/);
  await expect(field(page, 'Warm-up')).toBeFocused();
  await main.getByRole('button', { name: 'Reset all' }).click();
  await expect(panel.getByText(/needs? a change/)).toHaveCount(0);

  await methods.getByRole('radio', { name: /^Linear/ }).click();
  await expect(main.getByRole('button', { name: /^KARST Rank/ })).toHaveCount(0);
  await main.getByRole('button', { name: /^Augmentation/ }).click();
  await field(page, 'Rotation').fill('30');
  await main.getByRole('button', { name: 'Preview on images' }).click();
  const dialog = page.getByRole('dialog', { name: 'What augmentation does' });
  await expect(dialog.getByRole('img', { name: /variant 4/ })).toHaveCount(3, { timeout: 60_000 });
  client.close();
});

test('a run is paused, the page loaded anew, the run resumed, ended and extended', async ({
  studio,
  page,
}) => {
  test.setTimeout(600_000);
  const { client, projectId, datasetId, backboneId } = await withDigits(studio);
  await page.goto(`${studio.origin}/train?project=${projectId}`);
  await field(page, 'Epochs').fill('30');
  await page.keyboard.press('Tab');
  await page.getByRole('textbox', { name: 'Name of the run' }).fill('First');
  await page.getByRole('button', { name: 'Train', exact: true }).click();
  await expect(page).toHaveURL(/\/runs\/./, { timeout: 60_000 });
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('First');
  const id = page.url().split('/').at(-1) ?? '';

  // Validations are told of while it trains.
  const answers = page.getByRole('region', { name: 'Answers on validation images' });
  await expect(answers.getByRole('img').first()).toBeVisible({ timeout: 300_000 });
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(state(page)).toHaveText('Paused', { timeout: 60_000 });
  const { epoch, step } = await client.call('runs.get', { id });
  expect(epoch).toBeGreaterThan(0);

  // Two more wait, in an order that can be changed.
  const settings = { backboneId, datasetId, projectId, config: TRAINING_DEFAULTS };
  for (const name of ['Second', 'Third']) await client.call('runs.create', { ...settings, name });
  await page.getByRole('navigation').getByRole('link', { name: 'Runs' }).click();
  const names = page.getByRole('main').locator('tbody tr').getByRole('link');
  await expect(names).toHaveText(['First', 'Second', 'Third']);
  await page.getByRole('button', { name: 'Move Third forward in the queue' }).click();
  await expect(names).toHaveText(['First', 'Third', 'Second']);
  for (const name of ['Second', 'Third']) {
    await page.getByRole('button', { name: `Actions on ${name}` }).click();
    await page.getByRole('menuitem', { name: 'Remove' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
    await expect(page.getByRole('alertdialog')).toHaveCount(0);
  }
  await expect(names).toHaveText(['First']);

  // The whole history is there again.
  await names.first().click();
  await page.reload();
  await expect(state(page)).toHaveText('Paused');
  await page.getByRole('button', { name: 'Table' }).first().click();
  const rows = page.getByRole('table', { name: 'Loss' }).locator('tbody tr');
  await expect(rows).toHaveCount(step);

  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(state(page)).toHaveText('Running');
  await page.getByRole('button', { name: 'Stop and keep best' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Stop and keep best' }).click();
  await expect(state(page)).toHaveText('Stopped early', { timeout: 120_000 });
  await expect(page.getByText('The adapter is in the library.')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Open in the library' })).toHaveAttribute(
    'href',
    /^\/library\/./,
  );

  const stopped = await client.call('runs.get', { id });
  await page.getByRole('button', { name: 'Extend' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('spinbutton', { name: 'Epochs to add' }).fill('1');
  await dialog.getByRole('button', { name: 'Extend' }).click();
  const ended = await client.runUntil(
    id,
    (run) => run.step > stopped.step && (run.state === 'done' || run.state === 'stopped'),
  );
  expect(ended.config.schedule.epochs).toBeGreaterThan(0);
  await expect(state(page)).toHaveText(/Done|Stopped early/);
  client.close();
});

showing(
  'a chart is read by keyboard, shown as a table and taken away',
  async ({ furnished, page }) => {
    await page.goto(`${furnished.served.origin}/runs/${furnished.has.run}`);
    const accuracy = page.getByRole('figure').filter({ hasText: 'Accuracy' });
    const plot = accuracy.getByRole('slider');
    await expect(plot.locator('canvas')).toBeVisible();
    // An empty chart has no first point to go to.
    await expect(plot).toHaveAttribute('aria-valuetext', /^epoch 3,/);
    await plot.focus();
    await page.keyboard.press('Home');
    await expect(plot).toHaveAttribute('aria-valuetext', /^epoch 0\.\d+, Training .*%, Validation/);
    await page.keyboard.press('End');
    await expect(plot).toHaveAttribute(
      'aria-valuetext',
      /^epoch 3, Training .* %, Validation .* %$/,
    );

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

    const axis = page.getByRole('group', { name: 'Along' });
    await axis.getByRole('button', { name: 'Steps' }).click();
    await expect(plot).toHaveAttribute('aria-valuetext', /^step \d+,/);
    await axis.getByRole('button', { name: 'Epochs' }).click();
  },
);

showing(
  'a run tells its answers by epoch, its settings, log and notes',
  async ({ furnished, page }) => {
    await page.goto(`${furnished.served.origin}/runs/${furnished.has.run}`);
    const answers = page.getByRole('region', { name: 'Answers on validation images' });
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
    await expect(page.getByRole('combobox', { name: 'Start from' })).toHaveText(
      'The run Digits, rank 8',
    );
    await expect(field(page, 'Epochs')).toHaveValue('3');
  },
);

showing(
  'chosen runs are compared: what differs, results, one chart for all',
  async ({ furnished, page }) => {
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
      'Linear',
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
  },
);
