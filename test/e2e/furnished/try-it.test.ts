import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SAMPLE } from '../../fixtures/sample.ts';
import { ENGINE_MS, expectPictures } from '../fixtures/parts.ts';
import { expect, showing } from '../fixtures/studio.ts';

const ADAPTER = 'Digits, rank 8';

const test = showing.extend({
  page: async ({ page, furnished }, use) => {
    await page.goto(`${furnished.served.origin}/try?adapter=${furnished.has.adapter}`);
    await expect(page.getByRole('combobox', { name: 'Model' })).toHaveText(ADAPTER);
    await use(page);
  },
});

function digit(label: number, index: number): string {
  const folder = join(SAMPLE, String(label));
  return join(folder, readdirSync(folder).sort()[index] ?? '');
}

test.setTimeout(2 * ENGINE_MS);

test('pictures that are chosen get five answers each, and what is no picture says so', async ({
  page,
}, testInfo) => {
  mkdirSync(testInfo.outputPath('given'), { recursive: true });
  const torn = testInfo.outputPath('given', 'torn.jpg');
  writeFileSync(torn, Buffer.from('ffd8ffe000104a464946', 'hex'));
  const good = [digit(0, 20), digit(7, 21)];
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Choose images' }).first().click();
  await (await chooser).setFiles([...good, torn]);

  const cards = page.getByRole('article');
  await expect(cards).toHaveCount(3);
  // Newest first.
  await expect(cards.nth(0)).toHaveAccessibleName('torn.jpg');
  await expect(cards.nth(0).getByRole('alert')).toContainText('torn.jpg');
  for (const card of [cards.nth(1), cards.nth(2)]) {
    const answers = card.getByRole('listitem');
    await expect(answers).toHaveCount(5, { timeout: ENGINE_MS });
    const shares = (await answers.locator('.number').allTextContents()).map(parseFloat);
    expect(shares).toEqual([...shares].sort((a, b) => b - a));
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeLessThanOrEqual(100.3);
    await expectPictures(card.getByRole('img'));
  }

  // They stay while other views are shown.
  const rail = page.getByRole('navigation', { name: 'Places' });
  await rail.getByRole('link', { name: 'Data' }).click();
  await rail.getByRole('link', { name: 'Try it' }).click();
  await expect(page.getByRole('combobox', { name: 'Model' })).toHaveText(ADAPTER);
  await expect(cards).toHaveCount(3);
  await expect(cards.nth(1).getByRole('listitem')).toHaveCount(5);

  await page.getByRole('button', { name: 'Clear' }).click();
  await expect(cards).toHaveCount(0);
});

test('images of the dataset are drawn, with their actual class', async ({ page }) => {
  await page.getByRole('button', { name: 'Some of Handwritten digits' }).click();
  const cards = page.getByRole('article');
  await expect(cards).toHaveCount(6);
  for (const card of await cards.all()) {
    await expect(card).toContainText(/Actual: \d/);
    await expect(card.getByRole('listitem')).toHaveCount(5, { timeout: ENGINE_MS });
  }
});

test('pictures are dropped on the view, and pasted', async ({ page }) => {
  const cards = page.getByRole('article');
  const ways = [
    { kind: 'drop', index: 22, name: 'four.png' },
    { kind: 'paste', index: 23, name: 'pasted 1' },
  ] as const;
  for (const { kind, index, name } of ways) {
    const bytes = [...readFileSync(digit(4, index))];
    await page.evaluate(
      ([way, content]) => {
        const dataTransfer = new DataTransfer();
        const file = new File([Uint8Array.from(content)], 'four.png', { type: 'image/png' });
        dataTransfer.items.add(file);
        const init = { bubbles: true, cancelable: true };
        if (way === 'drop') {
          const place = [...document.querySelectorAll('main p')].find((p) =>
            p.textContent.startsWith('Drop images here'),
          );
          place?.dispatchEvent(new DragEvent('dragover', { ...init, dataTransfer }));
          place?.dispatchEvent(new DragEvent('drop', { ...init, dataTransfer }));
        } else {
          const pasted = new ClipboardEvent('paste', { ...init, clipboardData: dataTransfer });
          document.body.dispatchEvent(pasted);
        }
      },
      [kind, bytes] as const,
    );
    const card = page.getByRole('article', { name, exact: true });
    await expect(card.getByRole('listitem')).toHaveCount(5, { timeout: ENGINE_MS });
    await expectPictures(card.getByRole('img'));
  }
  await expect(cards).toHaveCount(2);
});

test('the camera runs when it is asked for, and is off when the view is left', async ({ page }) => {
  await page.getByRole('button', { name: 'Use the camera' }).click();
  const video = page.getByLabel('What the camera sees');
  await expect
    .poll(() => video.evaluate((element) => (element as HTMLVideoElement).videoWidth))
    .toBeGreaterThan(0);
  await page.getByRole('button', { name: 'Take a picture' }).click();
  const card = page.getByRole('article', { name: 'photograph 1' });
  await expect(card.getByRole('listitem')).toHaveCount(5, { timeout: ENGINE_MS });
  await expectPictures(card.getByRole('img'));

  const track = await video.evaluateHandle((element) => {
    const [only] = ((element as HTMLVideoElement).srcObject as MediaStream).getTracks();
    if (only === undefined) throw new Error('the camera has no track');
    return only;
  });
  expect(await track.evaluate(({ readyState }) => readyState)).toBe('live');
  await page
    .getByRole('navigation', { name: 'Places' })
    .getByRole('link', { name: 'Data' })
    .click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Data');
  expect(await track.evaluate(({ readyState }) => readyState)).toBe('ended');
});

test('a camera that is refused is told of, with what to do', async ({ page }) => {
  await page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () =>
      Promise.reject(new DOMException('Permission denied', 'NotAllowedError'));
  });
  await page.getByRole('button', { name: 'Use the camera' }).click();
  const notice = page.getByRole('status').filter({ hasText: 'The camera cannot be used.' });
  await expect(notice).toContainText('Allow it for this window');
  await expect(notice).toContainText('Permission denied');
  await page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () =>
      Promise.reject(new DOMException('Requested device not found', 'NotFoundError'));
  });
  await page.getByRole('button', { name: 'Use the camera' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'No camera was found.' })).toBeVisible();
  await expect(notice).toHaveCount(0);
});

test('a whole folder becomes a table, and no table is overwritten', async ({ page }, testInfo) => {
  const folder = join(SAMPLE, '3');
  mkdirSync(testInfo.outputPath('tables'), { recursive: true });
  const table = testInfo.outputPath('tables', 'threes.csv');
  const dialog = page.getByRole('dialog');
  const start = async (): Promise<void> => {
    await page.getByRole('button', { name: 'A whole folder' }).click();
    await dialog.getByLabel('Folder of images').fill(folder);
    await expect(dialog.getByLabel('Output CSV')).toHaveValue(`${folder}-predictions.csv`);
    await dialog.getByLabel('Output CSV').fill(table);
    await dialog.getByRole('button', { name: 'Start' }).click();
  };

  await start();
  const images = readdirSync(folder).length;
  await expect(dialog.getByText(`The predictions of ${images} images are written.`)).toBeVisible({
    timeout: ENGINE_MS,
  });
  const rows = dialog.getByRole('table', { name: 'Predictions' }).getByRole('row');
  await expect(rows).toHaveCount(1 + Math.min(images, 100));
  await expect(rows.nth(1)).toContainText(/^\S+\.png\d\d+\.\d %$/);
  const written = readFileSync(table, 'utf8');
  expect(written.trimEnd().split('\n')).toHaveLength(images + 1);
  await dialog.getByRole('button', { name: 'Close' }).last().click();

  await start();
  await expect(dialog.getByRole('alert')).toContainText('threes.csv', { timeout: ENGINE_MS });
  expect(readFileSync(table, 'utf8')).toBe(written);
});
