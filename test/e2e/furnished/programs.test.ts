import { expect, showing as test } from '../fixtures/studio.ts';

test('an adapter’s page says how programs ask it', async ({ furnished, page }) => {
  const { origin } = furnished.served;
  await page.goto(`${origin}/library/${furnished.has.adapter}`);
  await page.getByRole('button', { name: 'Use it from a program' }).click();
  await expect(page.getByText(`karst serve --predict ${furnished.has.adapter}`)).toBeVisible();
  for (const [name, word] of [
    ['curl', '--data-binary @picture.jpg'],
    ['Python', 'import json, os, urllib.request'],
    ['JavaScript', "from 'node:fs/promises'"],
  ] as const) {
    await page.getByRole('tab', { name }).click();
    await expect(page.getByRole('tabpanel')).toContainText(word);
    await expect(page.getByRole('tabpanel').getByRole('button', { name: 'Copy' })).toBeVisible();
  }
});
