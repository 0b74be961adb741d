import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { TRAINING_DEFAULTS } from '../../shared/domain/training.ts';
import { completeConfig } from '../../shared/training/config.ts';
import { METHOD_NAMES } from '../../shared/methods/registry.ts';
import { defaultOf, SETTINGS } from '../../shared/training/settings.ts';
import { makeDigits } from './fixtures/digits.ts';
import { ENGINE_MS, field, goTo } from './fixtures/parts.ts';
import type { ServedStudio } from './fixtures/served-studio.ts';
import { StudioClient } from './fixtures/studio-client.ts';
import { expect, test } from './fixtures/studio.ts';

/** The default rate on the starter. */
const rateOf = (method: 'full' | 'lora'): string =>
  String(
    defaultOf(SETTINGS['optimizer.learningRate'], {
      ...{ method, mayFlip: true },
      backbone: { imageSize: 32, family: 'vit', layerScale: false },
    }),
  );
const RATES = { full: rateOf('full'), lora: rateOf('lora') };

interface Subject {
  readonly client: StudioClient;
  readonly projectId: string;
  readonly datasetId: string;
  readonly backboneId: string;
}

/** Creates a project with a few digits to train on. */
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

  const panel = page.getByRole('complementary', { name: 'Cost' });
  await expect(panel.getByText('Trainable parameters')).toBeVisible();
  const methods = page.getByRole('radiogroup', { name: 'Method' });
  await expect(methods.getByRole('radio')).toHaveCount(4);
  await methods.getByRole('button', { name: 'More methods' }).click();
  await expect(methods.getByRole('radio')).toHaveCount(METHOD_NAMES.length);
  const trained = panel.locator('dd').first();
  const before = await trained.textContent();
  await main.getByRole('button', { name: /^KARST/ }).click();
  await field(page, 'Rank').fill('4');
  await page.keyboard.press('Tab');
  await expect(trained).not.toHaveText(before ?? '');
  await expect(methods.getByRole('radio', { checked: true })).toContainText(
    `${(await trained.textContent())?.trim()} trainable`,
  );

  await main.getByRole('button', { name: 'Rank', exact: true }).focus();
  await expect(page.getByRole('tooltip')).toContainText('A higher rank can fit more');

  const back = main.getByRole('button', { name: 'Back to 8' });
  await expect(main.getByText('one changed')).toBeVisible();
  await back.click();
  await expect(field(page, 'Rank')).toHaveValue('8');
  await expect(back).toHaveCount(0);

  await main.getByRole('button', { name: /^Schedule/ }).click();
  await field(page, 'Warm-up epochs').fill('30');
  await page.keyboard.press('Tab');
  await expect(main.getByText('Must be at most the length of the run, 20 epochs.')).toBeVisible();
  await main.getByRole('button', { name: 'Train', exact: true }).click();
  await expect(page).toHaveURL(/\/train/);
  await expect(field(page, 'Warm-up epochs')).toBeFocused();
  await main.getByRole('button', { name: 'Reset all, keep KARST' }).click();
  await expect(panel.getByText(/needs? a change/)).toHaveCount(0);

  // Each method has its own default learning rate; a value set by the user is kept, marked, and can
  // be reset.
  const rate = field(page, 'Learning rate');
  await expect(field(page, 'Image size')).toHaveAttribute('aria-valuetext', 'Auto (32 px)');
  await methods.getByRole('radio', { name: /^Full/ }).click();
  await expect(rate).toHaveValue(RATES.full);
  await expect(main.getByRole('button', { name: /^Back to/ })).toHaveCount(0);
  await methods.getByRole('radio', { name: /^LoRA/ }).click();
  await expect(rate).toHaveValue(RATES.lora);
  await rate.fill('0.005');
  await rate.press('Tab');
  await methods.getByRole('radio', { name: /^Full/ }).click();
  await expect(rate).toHaveValue('0.005');
  await main.getByRole('button', { name: `Back to ${RATES.full}` }).click();
  await expect(rate).toHaveValue(RATES.full);

  await methods.getByRole('radio', { name: /^Linear/ }).click();
  await expect(main.getByRole('button', { name: /^KARST Rank/ })).toHaveCount(0);
  await main.getByRole('button', { name: /^Augmentation/ }).click();
  await expect(main.getByText('Off: class names are digits')).toBeVisible();
  const flip = main.getByRole('switch', { name: 'Horizontal flip' });
  await expect(flip).not.toBeChecked();
  await flip.click();
  await expect(main.getByText('On: as set')).toBeVisible();
  await main.getByRole('button', { name: 'Back to Off' }).click();
  await expect(flip).not.toBeChecked();
  await field(page, 'Rotation').fill('30');
  await main.getByRole('button', { name: 'Preview on images' }).click();
  const dialog = page.getByRole('dialog', { name: 'What augmentation does' });
  await expect(dialog.getByRole('img', { name: /variant 4/ })).toHaveCount(3);
  client.close();
});

test('what is typed into a number is taken as it stands, or stays and holds up the training', async ({
  studio,
  page,
}) => {
  const { client, projectId } = await withDigits(studio);
  await page.goto(`${studio.origin}/train?project=${projectId}`);
  const main = page.getByRole('main');
  const train = main.getByRole('button', { name: 'Train', exact: true });
  const rate = field(page, 'Learning rate');
  for (const [text, shown] of [
    ['1e-3', '0.001'],
    ['5E-4', '0.0005'],
    ['0,002', '0.002'],
  ] as const) {
    await rate.fill('');
    await rate.pressSequentially(text);
    await expect(rate).toHaveValue(text);
    await rate.press('Tab');
    await expect(rate).toHaveValue(shown);
  }
  await expect(train).toBeEnabled();
  await rate.fill('5');
  await rate.press('Tab');
  await expect(main.getByText('Usual values are 1e-6 to 0.02.')).toBeVisible();
  await expect(train).toBeEnabled();
  await rate.fill('0.002');

  const epochs = field(page, 'Epochs');
  await epochs.fill('1,000');
  await expect(train).toBeDisabled();
  await expect(main.getByText('Write 1000 or 1.0.')).toBeVisible();
  // The invalid text survives leaving the page, and a link leads back to its field.
  await goTo(page, 'Runs');
  await goTo(page, 'Train');
  await expect(epochs).toHaveValue('1,000');
  await expect(train).toBeDisabled();
  await main.getByRole('button', { name: 'Epochs needs a change' }).click();
  await expect(epochs).toBeFocused();
  await epochs.fill('1000');
  await expect(train).toBeEnabled();
  await expect(main.getByText('Write 1000 or 1.0.')).toHaveCount(0);
  await main.getByRole('button', { name: /^Regularization/ }).click();
  await field(page, 'Label smoothing').fill('x');
  await main.getByRole('button', { name: /^Regularization/ }).click();
  await main.getByRole('button', { name: 'Label smoothing needs a change' }).click();
  await expect(field(page, 'Label smoothing')).toHaveValue('x');
  await main.getByRole('button', { name: 'Reset all' }).click();
  await expect(train).toBeEnabled();
  await expect(epochs).toHaveValue('20');
  client.close();
});

test('a run that learned nothing says so, and a click sets what to try', async ({
  studio,
  page,
}) => {
  const { client, projectId, datasetId, backboneId } = await withDigits(studio);
  const { id } = await client.call('runs.create', {
    ...{ backboneId, datasetId, projectId, name: 'Stuck' },
    config: completeConfig({
      schedule: { epochs: 2, warmupEpochs: 0 },
      optimizer: { learningRate: 1e-9 },
    }),
  });
  await client.runUntil(id, ({ state }) => state === 'done');
  await page.goto(`${studio.origin}/runs/${id}`);
  const advice = page.getByRole('status').filter({ hasText: 'no better than guessing among 10' });
  await expect(advice).toContainText('After epoch 2, validation is');
  await expect(advice).toContainText('Try a learning rate of');
  await advice.getByRole('link', { name: 'Set this up' }).click();
  await expect(page).toHaveURL(/\/train$/);
  await expect(page.getByRole('combobox', { name: 'Preset' })).toHaveText('The run Stuck');
  await expect(field(page, 'Learning rate')).toHaveValue(/e-(9|10)$/);
  await expect(field(page, 'Learning rate')).toBeFocused();
  await page.getByRole('button', { name: 'Back to 1e-9' }).click();
  await expect(field(page, 'Learning rate')).toHaveValue('1e-9');

  // The starter is weak: the form says so, as the run does, and where to get a better one.
  await expect(page.getByText('A larger backbone gives far better adapters.')).toBeVisible();
  await page.goto(`${studio.origin}/runs/${id}`);
  await expect(page.getByText('A larger backbone gives far better adapters.')).toBeVisible();
  await page.getByRole('link', { name: 'How to get one' }).click();
  const catalogue = page.getByRole('dialog', { name: 'Get a backbone' });
  await expect(catalogue.getByRole('button', { name: 'Get dinov2-small' })).toBeVisible();
  await expect(page).toHaveURL(/\/backbones$/);
  client.close();
});

test('runs that wait behind one that is paused are moved and removed', async ({ studio, page }) => {
  const { client, projectId, datasetId, backboneId } = await withDigits(studio);
  const settings = { backboneId, datasetId, projectId, config: TRAINING_DEFAULTS };
  const { id } = await client.call('runs.create', { ...settings, name: 'First' });
  await client.call('runs.pause', { id });
  for (const name of ['Second', 'Third']) await client.call('runs.create', { ...settings, name });
  await page.goto(`${studio.origin}/runs?project=${projectId}`);
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
  client.close();
});

/** More epochs than any machine completes before the run is stopped. */
const MANY_EPOCHS = 900;

test('a run begun in the window shows its answers, and is stopped with the best kept', async ({
  studio,
  page,
}) => {
  test.setTimeout(2 * ENGINE_MS);
  const { client, projectId } = await withDigits(studio);
  await page.goto(`${studio.origin}/train?project=${projectId}`);
  await field(page, 'Epochs').fill(String(MANY_EPOCHS));
  await page.keyboard.press('Tab');
  await page.getByRole('textbox', { name: 'Name of the run' }).fill('First');
  await page.getByRole('button', { name: 'Train', exact: true }).click();
  await expect(page).toHaveURL(/\/runs\/./);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('First');
  const id = page.url().split('/').at(-1) ?? '';
  expect((await client.call('runs.get', { id })).config.schedule.epochs).toBe(MANY_EPOCHS);

  // Validations are reported during training.
  const answers = page.getByRole('region', { name: 'Predictions on validation images' });
  await expect(answers.getByRole('img').first()).toBeVisible({ timeout: ENGINE_MS });
  await expect(state(page)).toHaveText('Running');
  await page.getByRole('button', { name: 'Stop and keep best' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Stop and keep best' }).click();
  await expect(state(page)).toHaveText('Stopped');
  await expect(page.getByText('The adapter is in the library.')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Open in the library' })).toHaveAttribute(
    'href',
    /^\/library\/./,
  );

  // There are more validation images than are shown at a time.
  const pictures = answers.getByRole('img', { name: /^Actual/ });
  expect(await pictures.count()).toBeLessThanOrEqual(8);
  const media = () => pictures.evaluateAll((all) => all.map((one) => one.getAttribute('src')));
  const first = await media();
  await answers.getByRole('button', { name: 'Other images' }).click();
  await expect.poll(media).not.toEqual(first);
  expect(first.length + (await pictures.count())).toBeGreaterThan(8);
  client.close();
});

test('a run that was stopped is given one epoch more, and ends by itself', async ({
  studio,
  page,
}) => {
  test.setTimeout(2 * ENGINE_MS);
  const { client, projectId, datasetId, backboneId } = await withDigits(studio);
  const schedule = { ...TRAINING_DEFAULTS.schedule, epochs: MANY_EPOCHS };
  const { id } = await client.call('runs.create', {
    ...{ backboneId, datasetId, projectId, name: 'First' },
    config: { ...TRAINING_DEFAULTS, schedule },
  });
  await client.runUntil(id, ({ checkpointStep }) => checkpointStep !== null);
  await client.call('runs.stop', { id });
  const stopped = await client.runUntil(id, (run) => run.state === 'stopped');

  await page.goto(`${studio.origin}/runs/${id}`);
  await expect(state(page)).toHaveText('Stopped');
  await page.getByRole('button', { name: 'Extend' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('spinbutton', { name: 'Epochs to add' }).fill('1');
  await dialog.getByRole('button', { name: 'Extend' }).click();
  await expect(state(page)).toHaveText('Done', { timeout: ENGINE_MS });
  const ended = await client.call('runs.get', { id });
  expect(ended.step).toBeGreaterThan(stopped.step);
  // One epoch more than had begun; the last progress before the stop may not have reported the
  // newest.
  const { epochs } = ended.config.schedule;
  expect(epochs).toBeGreaterThan(stopped.epoch);
  expect(epochs).toBeLessThan(MANY_EPOCHS);
  expect(ended.epoch).toBe(epochs);
  client.close();
});
