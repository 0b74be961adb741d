import type { Page } from '@playwright/test';
import { layoutFaults } from '../fixtures/layout.ts';
import { openScreen, SCREENS } from '../fixtures/screens.ts';
import { expect, showing as test } from '../fixtures/studio.ts';

/** The last is a window of 1280 × 800 at 200 % zoom. */
const SIZES = [
  { width: 1920, height: 1080 },
  { width: 1280, height: 800 },
  { width: 1024, height: 768 },
  { width: 900, height: 600 },
  { width: 640, height: 400 },
];
/** Reading pages must fit this width, which is 1280 at 400 % zoom. */
const NARROWEST = { width: 320, height: 640 };
const READ = ['help', 'settings', 'projects', 'project', 'adapter', 'missing'];
const FOLDER = process.env['KARST_LAYOUTS'];

for (const language of ['en', 'zh-CN'] as const) {
  test.describe(language, () => {
    test.beforeEach(({ furnished }) => furnished.client.call('settings.update', { language }));
    test.afterEach(({ furnished }) => furnished.client.call('settings.update', { language: 'en' }));

    for (const screen of SCREENS) {
      test(`${screen.name} has all of it in sight at every size`, async ({ page, furnished }) => {
        await openScreen(page, furnished, screen);
        const sizes = READ.includes(screen.name) ? [...SIZES, NARROWEST] : SIZES;
        expect(await faultsAt(page, sizes, `${screen.name}-${language}`)).toEqual([]);
      });
    }

    test('the welcome has all of it in sight at every size', async ({ page, furnished }) => {
      const { client, served } = furnished;
      await client.call('settings.update', { welcomed: false });
      await page.goto(served.origin);
      await expect(page.locator('.way').first()).toBeVisible();
      await client.call('settings.update', { welcomed: true });
      expect(await faultsAt(page, [...SIZES, NARROWEST], `welcome-${language}`)).toEqual([]);
    });
  });
}

/**
 * Layout faults at each size. Saves a screenshot of each to the folder named by `KARST_LAYOUTS`.
 */
async function faultsAt(
  page: Page,
  sizes: readonly { readonly width: number; readonly height: number }[],
  name: string,
): Promise<string[]> {
  const faults: string[] = [];
  for (const size of sizes) {
    await page.setViewportSize(size);
    await settled(page);
    for (const fault of await layoutFaults(page)) faults.push(`${size.width}: ${fault}`);
    if (FOLDER === undefined) continue;
    const path = `${FOLDER}/${name}-${size.width}.png`;
    await page.screenshot({ path, animations: 'disabled' });
  }
  return faults;
}

/** Waits until the new size is drawn; changes made by observers are drawn a frame later. */
function settled(page: Page): Promise<void> {
  return page.evaluate(async () => {
    for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
  });
}
