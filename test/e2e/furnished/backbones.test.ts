import { chooseInMenu } from '../fixtures/parts.ts';
import { expect, showing as test } from '../fixtures/studio.ts';

test('a backbone on which something stands is not removed', async ({ furnished, page }) => {
  await page.goto(`${furnished.served.origin}/backbones`);
  const row = page.getByRole('row', { name: /^starter/ });
  await chooseInMenu(page, row.getByRole('button', { name: /^More actions/ }), 'Remove');
  await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
  const notice = page.getByRole('region', { name: /^Notifications/ });
  await expect(notice).toContainText(/cannot be removed: .*Digits, rank 8.* use it/);
  await expect(row).toBeVisible();
});
