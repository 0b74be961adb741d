import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { completeConfig } from '../../shared/training/config.ts';
import { makeDigits } from './fixtures/digits.ts';
import { chooseInMenu, ENGINE_MS } from './fixtures/parts.ts';
import { StudioClient } from './fixtures/studio-client.ts';
import { expect, test } from './fixtures/studio.ts';

test('an adapter is trained again on its dataset, which has one more class since', async ({
  studio,
  page,
}, testInfo) => {
  test.setTimeout(2 * ENGINE_MS);
  const client = await StudioClient.open(studio);
  const path = testInfo.outputPath('Digits');
  const [nines, later] = [join(path, '9'), testInfo.outputPath('later')];
  makeDigits(path, { perClass: 6 });
  renameSync(nines, later);
  const { datasetId } = await client.finish(
    client.call('datasets.import', {
      ...{ path, name: 'Digits', projectId: null },
      ...{ val: 0.2, test: 0, seed: 0 },
    }),
    'dataset',
  );
  const [starter] = await client.call('backbones.list', {});
  const { id } = await client.call('runs.create', {
    ...{ backboneId: starter?.backbone.id ?? '', datasetId, projectId: null, name: 'First' },
    config: completeConfig({ method: 'linear', schedule: { epochs: 1, warmupEpochs: 0 } }),
  });
  const { adapterId } = await client.runUntil(id, ({ state }) => state === 'done');
  const main = page.getByRole('main');
  const title = page.getByRole('heading', { level: 1 });
  const grown = main.getByText('Digits has grown since this training');
  await page.goto(`${studio.origin}/library/${adapterId ?? ''}`);
  await expect(title).toHaveText('First');

  await test.step('its page and its run say that the dataset has grown', async () => {
    renameSync(later, nines);
    const found = await client.finish(
      client.call('datasets.planUpdate', { id: datasetId }),
      'growth',
    );
    if (found.outlook.kind !== 'changes') throw new Error('the update asks a question');
    const { token } = found.outlook;
    await client.finish(client.call('datasets.grow', { id: datasetId, token }), 'dataset');
    await expect(grown).toContainText('6 images and one class more than it used');
    await page.goto(`${studio.origin}/runs/${id}`);
    await expect(grown).toBeVisible();
    await expect(main.getByRole('link', { name: 'Train again from this adapter' })).toHaveCount(1);
    await page.goBack();
  });

  await test.step('a training starts from it, with its method', async () => {
    await chooseInMenu(
      page,
      main.getByRole('button', { name: 'More actions' }),
      'Train again from this adapter',
    );
    await expect(main.getByText('9 classes kept')).toBeVisible();
    await expect(main.getByText('one new: 9')).toBeVisible();
    await expect(main.getByRole('radio', { name: /^Linear/ })).toBeChecked();
    await expect(main.getByRole('radio', { name: /^KARST/ })).toBeDisabled();
    await main.getByRole('textbox', { name: 'Name of the run' }).fill('Second');
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await expect(main.getByText('The adapter is in the library.')).toBeVisible({
      timeout: ENGINE_MS,
    });
    await expect(grown).toHaveCount(0);
  });

  await test.step('the same settings start from it again, while it is there', async () => {
    await page.getByRole('link', { name: 'Train again with these settings' }).click();
    await expect(main.getByText('one new: 9')).toBeVisible();
    await page.goBack();
  });

  await test.step('it is the parent, also in the bin', async () => {
    await page.getByRole('link', { name: 'Open in the library' }).click();
    const lineage = page.getByRole('region', { name: 'Lineage' });
    await lineage.getByRole('link', { name: 'First' }).click();
    await expect(title).toHaveText('First');
    await client.call('adapters.remove', { id: adapterId ?? '' });
    await page.goBack();
    await expect(lineage.getByText('First, which is in the bin')).toBeVisible();
    await lineage.getByRole('link', { name: 'Second' }).click();
    await page.getByRole('link', { name: 'Train again with these settings' }).click();
    await expect(
      main.getByText(/^The adapter that Second started from is no longer/),
    ).toBeVisible();
    await expect(main.getByRole('radio', { name: /^KARST/ })).toBeEnabled();
  });
  client.close();
});
