import type { Page } from '@playwright/test';
import { TRAINING_DEFAULTS } from '../../shared/domain/training.ts';
import { makeDigits } from './fixtures/digits.ts';
import { ENGINE_MS, figure, stepOf } from './fixtures/parts.ts';
import { serveStudio, type ServedStudio } from './fixtures/served-studio.ts';
import { StudioClient } from './fixtures/studio-client.ts';
import { expect, test } from './fixtures/studio.ts';

/** Steps per epoch: 320 training images in batches of 32. */
const STEPS = 10;
const EPOCHS = 8;
const MORE_EPOCHS = 2;

/** Closed after each test, whether it passes or fails. */
const served: ServedStudio[] = [];

async function serve(home: string): Promise<ServedStudio> {
  const studio = await serveStudio({ home });
  served.push(studio);
  return studio;
}

test.afterEach(async () => {
  for (const studio of served.splice(0)) await studio.close();
});

test('a run is paused, left, lost and extended, and its history stays whole', async ({
  context,
}, testInfo) => {
  test.setTimeout(3 * ENGINE_MS);
  const home = testInfo.outputPath('home');
  let studio = await serve(home);
  let client = await StudioClient.open(studio);
  const run = await startRun(client, testInfo.outputPath('images'));
  let page = await context.newPage();
  await page.goto(studio.url);
  await page.goto(`${studio.origin}/runs/${run.id}`);
  const state = (word: string) => page.getByRole('main').getByText(word, { exact: true }).first();
  const best = () => figure(page, 'Figures of the run', 'Best accuracy');

  const stepsAtPause =
    await test.step('it is paused, and a reload shows all that was', async () => {
      await expect(best()).toHaveText(/ %$/, { timeout: ENGINE_MS });
      await page.getByRole('button', { name: 'Pause' }).click();
      await expect(state('Paused')).toBeVisible();
      const steps = await wholeHistory(page, STEPS);
      await page.reload();
      await expect(state('Paused')).toBeVisible();
      expect(await wholeHistory(page, steps)).toBe(steps);
      return stepOf(page);
    });

  await test.step('it is resumed from where it was', async () => {
    await page.keyboard.press('Control+k');
    await page.keyboard.type('resume');
    await expect(page.getByRole('dialog').getByRole('option')).toHaveCount(1);
    await page.keyboard.press('Enter');
    await expect(state('Running')).toBeVisible();
    await expect.poll(() => stepOf(page), { timeout: ENGINE_MS }).toBeGreaterThan(stepsAtPause);
  });

  await test.step('it goes on with the page closed, and the next page has it all', async () => {
    const before = (await client.call('runs.get', { id: run.id })).step;
    await page.close();
    await client.runUntil(run.id, ({ step }) => step >= before + STEPS);
    page = await context.newPage();
    await page.goto(`${studio.origin}/runs/${run.id}`);
    await expect(best()).toHaveText(/ %$/);
    await wholeHistory(page, before + STEPS);
  });

  await test.step('after a power cut it waits, and goes on from its checkpoint', async () => {
    await client.runUntil(run.id, ({ checkpointStep }) => checkpointStep !== null);
    await studio.kill();
    studio = await serve(home);
    client = await StudioClient.open(studio);
    await page.goto(studio.url);
    await page.goto(`${studio.origin}/runs/${run.id}`);
    await expect(state('Interrupted')).toBeVisible();
    await expect(page.getByText(/Resume continues from the checkpoint at step \d+/)).toBeVisible();
    await page.getByRole('button', { name: 'Resume' }).first().click();
    await expect(page.getByText('The adapter is in the library.')).toBeVisible({
      timeout: ENGINE_MS,
    });
    expect(await wholeHistory(page, EPOCHS * STEPS)).toBe(EPOCHS * STEPS);
  });

  await test.step('it is given more epochs, and leaves another adapter', async () => {
    await page.getByRole('button', { name: 'Extend' }).click();
    const dialog = page.getByRole('dialog', { name: 'Give Long run more epochs' });
    const toAdd = dialog.getByRole('spinbutton', { name: 'Epochs to add' });
    await toAdd.fill(String(MORE_EPOCHS));
    await toAdd.press('Tab');
    await expect(dialog.getByText(`${EPOCHS + MORE_EPOCHS} in total`)).toBeVisible();
    await dialog.getByRole('button', { name: 'Extend' }).click();
    await expect(figure(page, 'Figures of the run', 'Epochs')).toHaveText(
      `${EPOCHS + MORE_EPOCHS} / ${EPOCHS + MORE_EPOCHS}`,
      { timeout: ENGINE_MS },
    );
    await wholeHistory(page, (EPOCHS + MORE_EPOCHS) * STEPS);
    await page.getByRole('link', { name: 'Open in the library' }).click();
    await expect(page.getByRole('main').getByText('version 2')).toBeVisible();
  });
});

/** A training on 400 digits that is long enough to intervene in. */
async function startRun(client: StudioClient, images: string) {
  makeDigits(images, { perClass: 40 });
  const { datasetId } = await client.finish(
    client.call('datasets.import', {
      ...{ path: images, name: 'Digits', projectId: null },
      ...{ val: 0.2, test: 0, seed: 0 },
    }),
    'dataset',
  );
  const [starter] = await client.call('backbones.list', {});
  if (starter === undefined) throw new Error('the studio has no starter backbone');
  return client.call('runs.create', {
    ...{ backboneId: starter.backbone.id, datasetId, projectId: null, name: 'Long run' },
    config: {
      ...TRAINING_DEFAULTS,
      schedule: { ...TRAINING_DEFAULTS.schedule, epochs: EPOCHS },
    },
  });
}

/** Steps of the rows in the table of the loss chart, last step first. */
async function tabledSteps(page: Page): Promise<number[]> {
  const chart = page.getByRole('figure').filter({
    has: page.getByRole('heading', { name: 'Loss', exact: true }),
  });
  const table = chart.getByRole('table', { name: 'Loss' });
  if (!(await table.isVisible())) await chart.getByRole('button', { name: 'Table' }).click();
  await expect(table).toBeVisible();
  const epochs = await table
    .locator('tbody tr')
    .evaluateAll((rows) => rows.map((row) => Number(row.querySelector('td')?.textContent)));
  return epochs.map((epoch) => Math.round(epoch * STEPS));
}

/**
 * Waits until the table has at least this many steps, and checks that it contains each step from 1
 * exactly once. Returns their number.
 */
async function wholeHistory(page: Page, atLeast: number): Promise<number> {
  let steps: number[] = [];
  await expect
    .poll(async () => (steps = await tabledSteps(page)).length)
    .toBeGreaterThanOrEqual(atLeast);
  expect(steps).toEqual(steps.map((_, index) => steps.length - index));
  return steps.length;
}
