import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectNode } from '../../main/setup/project-node.mjs';
import { merge } from './fixtures/first-steps.ts';
import { ENGINE_MS, field, figure } from './fixtures/parts.ts';
import { expect, test } from './fixtures/studio.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SIDE = 32;
const COLOURS = { blue: [200, 60, 40], green: [50, 190, 60], red: [40, 50, 210] } as const;
const COUNTS = { train: 24, validation: 6, test: 4 } as const;

/** A BMP of one colour (blue, green, red) in a pattern that its number gives. */
function picture([blue, green, red]: readonly number[], number: number, mark = 0): Buffer {
  const head = Buffer.alloc(54);
  head.write('BM', 0, 'latin1');
  head.writeUInt32LE(head.length + SIDE * SIDE * 3, 2);
  // Reserved: makes other bytes of the same picture.
  head.writeUInt16LE(mark, 6);
  head.writeUInt32LE(head.length, 10);
  head.writeUInt32LE(40, 14);
  head.writeInt32LE(SIDE, 18);
  head.writeInt32LE(SIDE, 22);
  head.writeUInt16LE(1, 26);
  head.writeUInt16LE(24, 28);
  const pixels = Buffer.alloc(SIDE * SIDE * 3);
  for (let i = 0; i < SIDE * SIDE; i++) {
    const shade = ((i * (number + 3)) % 29) - 14;
    pixels.set(
      [blue, green, red].map((channel = 0) => channel + shade),
      i * 3,
    );
  }
  return Buffer.concat([head, pixels]);
}

function write(folder: string, name: string, content: Buffer): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), content);
}

/** Three datasets in one folder; `clothes` has its own splits, and a picture under two classes. */
function makeCollection(folder: string): void {
  let number = 0;
  for (const [split, count] of Object.entries(COUNTS))
    for (const [name, colour] of Object.entries(COLOURS))
      for (let i = 0; i < count; i++)
        write(join(folder, 'clothes', split, name), `${i}.bmp`, picture(colour, number++));
  write(join(folder, 'clothes', 'test', 'green'), 'twice.bmp', picture(COLOURS.red, 999));
  write(join(folder, 'clothes', 'test', 'red'), 'twice.bmp', picture(COLOURS.red, 999, 1));
  writeFileSync(join(folder, 'clothes', 'LICENSE'), 'free');
  for (const [other, names] of [
    ['flowers', ['rose', 'tulip']],
    ['steel', ['crack', 'scratch']],
  ] as const)
    for (const name of names)
      write(join(folder, other, name), '0.bmp', picture([9, 9, 9], number++));
}

test('own photographs, from a folder one level too high to a corrected mistake and an exported model', async ({
  studio,
  page,
}, testInfo) => {
  test.setTimeout(2 * ENGINE_MS);
  const collection = testInfo.outputPath('collection');
  makeCollection(collection);
  const images = page.getByRole('listbox', { name: 'Images of clothes' });
  const title = page.getByRole('heading', { level: 1 });

  await test.step('the folder above asks, and the dataset inside is previewed', async () => {
    await page.goto(`${studio.origin}/data`);
    await page.getByRole('button', { name: 'Import images' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'Import images' });
    await dialog.getByLabel('Folder or list').fill(collection);
    await expect(
      dialog.getByText(/some folders hold training and validation folders/),
    ).toBeVisible();
    await expect(dialog.getByRole('button', { name: 'Import', exact: true })).toBeDisabled();
    await dialog.getByRole('radio', { name: 'Use the folder clothes inside it' }).click();
    const preview = dialog.getByRole('status', { name: 'What the import makes' });
    await expect(preview).toContainText(
      /3 classes, 104 images.*own split: 72 training \/ 18 validation \/ 14 test/,
    );
    await expect(preview).toContainText('Skipped: LICENSE');
    await dialog.getByLabel('Name', { exact: true }).press('Enter');
  });

  await test.step('it lands in the gallery, with counts', async () => {
    await expect(title).toHaveText('clothes');
    await expect(
      page.getByText('clothes: 104 images imported in 3 classes.').first(),
    ).toBeVisible();
    await expect(images.getByRole('option').first()).toBeVisible();
  });

  await test.step('it is trained on', async () => {
    await page.getByRole('link', { name: 'Train', exact: true }).last().click();
    const main = page.getByRole('main');
    await expect(main.getByRole('combobox', { name: 'Dataset' })).toHaveText('clothes');
    await main.getByRole('textbox', { name: 'Name of the run' }).fill('First');
    await field(page, 'Epochs').fill('5');
    await main.getByRole('button', { name: 'Train', exact: true }).click();
    await expect(page.getByText('The adapter is in the library.')).toBeVisible({
      timeout: ENGINE_MS,
    });
  });

  await test.step('the test images are offered first', async () => {
    await page.getByRole('link', { name: 'Evaluate' }).click();
    const dialog = page.getByRole('dialog', { name: /^Evaluate/ });
    await expect(dialog.getByRole('combobox', { name: 'Split' })).toHaveText('Test');
    await dialog.getByRole('button', { name: 'Evaluate' }).click();
    await expect(figure(page, 'Figures of the evaluation', 'Images')).toHaveText('14', {
      timeout: ENGINE_MS,
    });
  });

  await test.step('a mistake is corrected where it is seen', async () => {
    await page.getByRole('tab', { name: 'Mistakes' }).click();
    const mistakes = page.getByRole('tabpanel').getByRole('listitem');
    await expect(mistakes.first()).toBeVisible();
    const before = await mistakes.count();
    await mistakes.first().getByRole('button').click();
    const dialog = page.getByRole('dialog', { name: /^actual: .* · predicted: / });
    const [, truth = '', predicted = ''] =
      /actual: (\w+) · predicted: (\w+),/.exec((await dialog.textContent()) ?? '') ?? [];
    const select = dialog.getByRole('combobox', { name: 'Class' });
    await expect(select).toHaveText(truth);
    await select.click();
    await page.getByRole('option', { name: predicted, exact: true }).click();
    await expect(select).toHaveText(predicted);
    await page.keyboard.press('Escape');
    await expect(mistakes.first()).toContainText('corrected since');
    await expect(page.getByText('One image was corrected since this evaluation.')).toBeVisible();
    await page.keyboard.press('Control+z');
    await expect(mistakes.first()).not.toContainText('corrected since');
    await mistakes.first().getByRole('button').click();
    await select.click();
    await page.getByRole('option', { name: predicted, exact: true }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Evaluate again' }).click();
    await expect(page.getByText('The test images were read 2 times so far.')).toBeVisible({
      timeout: ENGINE_MS,
    });
    await expect(page.getByRole('button', { name: 'Evaluate again' })).toHaveCount(0);
    await expect(mistakes).toHaveCount(before - 1);
  });

  await test.step('the adapter is merged and exported, and the export is a backbone again', async () => {
    await page.getByRole('link', { name: 'To the adapter' }).click();
    await expect(title).toHaveText('First');
    await merge(page, 'First');
    const out = join(studio.home, 'exported');
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Export First' });
    const place = dialog.getByRole('textbox', { name: 'Destination' });
    await expect(place).not.toHaveValue('');
    await place.fill(out);
    await dialog.getByRole('button', { name: 'Export' }).click();
    await expect(dialog.getByText('First is exported.')).toBeVisible({ timeout: ENGINE_MS });
    const command = ['backbone', 'add', out, '--home', testInfo.outputPath('other'), '--json'];
    const answer = execFileSync(
      projectNode(ROOT),
      [join(ROOT, 'main', 'cli', 'karst.mjs'), ...command],
      { encoding: 'utf8' },
    );
    expect(JSON.parse(answer)).toMatchObject({ architecture: { classes: 3 } });
  });
});
