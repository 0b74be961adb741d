import type { Page } from '@playwright/test';
import { en } from '../../../renderer/locales/en/index.ts';
import { openScreen, SCREENS } from '../fixtures/screens.ts';
import { expect, showing as test } from '../fixtures/studio.ts';

/** Locale keys, which appear in the page if a message is missing. */
const KEY = new RegExp(`\\b(${Object.keys(en).join('|')})(\\.[a-zA-Z0-9-]+){1,5}\\b`, 'g');

/** English messages of at least three words without placeholders; plural forms are separate. */
const ENGLISH_SENTENCES = messages(en)
  .flatMap((message) => message.split(' | '))
  .filter((message) => !message.includes('{') && message.trim().split(' ').length >= 3);

function messages(tree: object): string[] {
  return Object.values(tree).flatMap((value: unknown) =>
    typeof value === 'string' ? [value] : messages(value as object),
  );
}

/**
 * All text that is read or spoken on the page: its text, and the labels, hints and descriptions of
 * its elements.
 */
async function wordsOf(page: Page): Promise<string> {
  return page.evaluate(() => {
    const spoken = ['aria-label', 'title', 'placeholder', 'alt', 'aria-valuetext'];
    const attributes = [...document.querySelectorAll('body *')].flatMap((element) =>
      spoken.map((name) => element.getAttribute(name) ?? ''),
    );
    return [document.title, document.body.innerText, ...attributes].filter(Boolean).join('\n');
  });
}

test.afterAll(async ({ furnished }) => {
  await furnished.client.call('settings.update', { language: 'system', theme: 'system' });
});

for (const screen of SCREENS) {
  test(`both languages are whole: ${screen.name}`, async ({ furnished, page }) => {
    await furnished.client.call('settings.update', { language: 'en' });
    await openScreen(page, furnished, screen);
    await expect(page.locator('html')).toHaveAttribute('lang', 'en');
    const english = await wordsOf(page);
    expect(english.match(KEY) ?? []).toEqual([]);
    expect(english).toContain('Backbones');

    // A language change takes effect without a reload.
    await furnished.client.call('settings.update', { language: 'zh-CN' });
    await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
    const chinese = await wordsOf(page);
    expect(chinese.match(KEY) ?? []).toEqual([]);
    expect(chinese).toContain('骨干');
    expect(ENGLISH_SENTENCES.filter((sentence) => chinese.includes(sentence))).toEqual([]);
  });
}

test('language and theme are chosen in the settings, and kept', async ({ furnished, page }) => {
  await furnished.client.call('settings.update', { language: 'en', theme: 'light' });
  await page.goto(`${furnished.served.origin}/settings`);
  const html = page.locator('html');
  await page.getByRole('button', { name: 'Dark' }).click();
  await expect(html).toHaveAttribute('data-theme', 'dark');
  const dark = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.getByRole('button', { name: 'Light' }).click();
  await expect(html).toHaveAttribute('data-theme', 'light');
  expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).not.toBe(dark);
  await page.getByRole('combobox', { name: 'Language' }).click();
  await page.getByRole('option', { name: '简体中文' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('设置');
  await page.reload();
  await expect(html).toHaveAttribute('lang', 'zh-CN');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('设置');
});

test('the language of the browser is spoken, and English where it is unknown', async ({
  furnished,
  browser,
}) => {
  await furnished.client.call('settings.update', { language: 'system', theme: 'system' });
  for (const [locale, spoken] of [
    ['zh-TW', 'zh-CN'],
    ['fr-FR', 'en'],
  ] as const) {
    const context = await browser.newContext({ locale });
    const page = await context.newPage();
    await page.goto(furnished.served.url);
    await expect(page.locator('html')).toHaveAttribute('lang', spoken);
    await context.close();
  }
});
