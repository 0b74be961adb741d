import { expect, test } from './fixtures/studio.ts';

test('the served studio opens in a browser that has its address, and in no other', async ({
  studio,
  page,
  browser,
}) => {
  await expect(page).toHaveTitle(/KARST/);
  await expect(page.getByRole('main')).toBeVisible();

  const stranger = await browser.newContext();
  const answer = await stranger.request.get(studio.origin);
  expect(answer.status()).toBe(403);
  await stranger.close();
});
