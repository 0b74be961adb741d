import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { openScreen, SCREENS } from '../fixtures/screens.ts';
import { expect, showing as test } from '../fixtures/studio.ts';

/**
 * Returns serious accessibility violations, with their locations.
 *
 * @param rules default: all rules
 */
async function seriousViolations(page: Page, rules?: string[]): Promise<string[]> {
  // Without frames, as in the studio, axe's legacy mode is equivalent and needs no second page.
  const axe = new AxeBuilder({ page }).setLegacyMode();
  if (rules !== undefined) axe.withRules(rules);
  const { violations } = await axe.analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}\n${failureSummary}`),
    );
}

for (const screen of SCREENS) {
  test(`axe finds nothing serious: ${screen.name}`, async ({ furnished, page }) => {
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    await openScreen(page, furnished, screen);
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
    expect(await seriousViolations(page)).toEqual([]);
    // Dark mode changes only colours.
    await page.emulateMedia({ colorScheme: 'dark' });
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
    expect(await seriousViolations(page, ['color-contrast'])).toEqual([]);
  });
}

test.describe('by keyboard alone', () => {
  test.beforeEach(async ({ page, furnished }) => {
    await page.goto(`${furnished.served.origin}/runs`);
    await expect(page.getByRole('heading', { level: 1, name: 'Runs' })).toBeVisible();
  });

  test('a place begins at its title; the first stop of the page leads past the rail', async ({
    page,
  }) => {
    await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
    const skip = page.getByRole('link', { name: 'Skip to the content' });
    await expect(page.locator('a, button, input').first()).toHaveText('Skip to the content');
    await expect(skip).not.toBeInViewport();
    await skip.focus();
    await expect(skip).toBeInViewport();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('main')).toBeFocused();
    await page.keyboard.press('Tab');
    await expect(page.locator('main :focus')).toHaveCount(1);
  });

  test('the rail is walked through, and says where one is', async ({ page }) => {
    const rail = page.getByRole('navigation', { name: 'Places' });
    await expect(rail.getByRole('link', { name: 'Runs' })).toHaveAttribute('aria-current', 'page');
    await rail.getByRole('link').first().focus();
    const visited: string[] = [];
    for (let place = 0; place < 8; place++) {
      visited.push((await page.locator(':focus').textContent())?.trim() ?? '');
      await page.keyboard.press('Tab');
    }
    expect(visited).toEqual([
      ...['Projects', 'Data', 'Backbones', 'Train', 'Runs', 'Library', 'Try it', 'Settings'],
    ]);
    await page.keyboard.press('Control+2');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Data');
    // Screen readers announce the new page.
    await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
  });

  test('the palette opens, finds, goes there, and Escape leads back', async ({ page }) => {
    const row = page.getByRole('row', { name: /Digits, rank 8/ });
    await row.focus();
    await page.keyboard.press('Control+k');
    const palette = page.getByRole('dialog', { name: 'Commands' });
    await expect(palette.getByRole('textbox')).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(palette).toBeHidden();
    await expect(row).toBeFocused();

    await page.keyboard.press('Control+k');
    await page.keyboard.type('sett');
    await expect(palette.getByRole('option')).toHaveText([/^Settings/]);
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Settings');
  });

  test('the palette reaches adapters, what is done with them, and the walkthrough', async ({
    page,
  }) => {
    const palette = page.getByRole('dialog', { name: 'Commands' });
    const options = palette.getByRole('option');
    for (const [action, title] of [
      ['evaluate', 'Evaluate Digits, rank 8'],
      ['merge', 'Merge Digits, rank 8'],
      ['export', 'Export Digits, rank 8'],
    ] as const) {
      await page.keyboard.press('Control+k');
      await page.keyboard.type(`${action} rank 8`);
      await expect(options).toHaveCount(1);
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog', { name: title });
      await expect(dialog).toBeVisible();
      await page.keyboard.press('Escape');
      await expect(dialog).toBeHidden();
      await expect(page).toHaveURL(/\/library\/[^?]+$/);
    }
    await page.keyboard.press('Control+k');
    await page.keyboard.type('guide');
    await expect(options).toHaveText([/^Help/]);
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(
      'Five minutes with the studio',
    );
    await expect(page.getByRole('img', { name: 'A merge with its verification' })).toBeVisible();
    await page.keyboard.press('Control+1');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Projects');
    await page.keyboard.press('F1');
    await expect(page).toHaveURL(/\/help$/);
  });

  test('rows are walked by arrows and opened by Enter', async ({ page }) => {
    const rows = page.locator('tbody tr');
    await rows.first().focus();
    await page.keyboard.press('ArrowDown');
    await expect(rows.nth(1)).toBeFocused();
    const name = await rows.nth(1).getByRole('link').first().textContent();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(name?.trim() ?? '');
  });

  test('a dialog keeps the focus inside and gives it back', async ({ page, furnished }) => {
    await page.goto(`${furnished.served.origin}/library/${furnished.has.adapter}`);
    const opener = page.getByRole('button', { name: 'Evaluate' }).first();
    await opener.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Evaluate Digits, rank 8' });
    await expect(dialog).toBeVisible();
    for (let stop = 0; stop < 8; stop++) {
      await expect(dialog.locator(':focus')).toHaveCount(1);
      await page.keyboard.press('Tab');
    }
    expect(await seriousViolations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
    await expect(opener).toBeFocused();
  });

  test('a dialog from a menu gives the focus back to the menu', async ({ page, furnished }) => {
    await page.goto(`${furnished.served.origin}/library/${furnished.has.adapter}`);
    const menu = page.getByRole('main').getByRole('button', { name: 'More actions' }).first();
    await menu.focus();
    await page.keyboard.press('Enter');
    await page.keyboard.type('Ren');
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Rename Digits, rank 8' });
    const field = dialog.getByRole('textbox', { name: 'New name' });
    await expect(field).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
    await expect(menu).toBeFocused();
  });

  test('the confusion matrix is walked by arrows; the panel gives the focus back', async ({
    page,
    furnished,
  }) => {
    await page.goto(`${furnished.served.origin}/evaluations/${furnished.has.evaluation}`);
    const cells = page.getByRole('table', { name: 'Confusion matrix' }).getByRole('button');
    await cells.first().focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowDown');
    const cell = cells.nth(11);
    await expect(cell).toBeFocused();
    await expect(cell).toHaveAccessibleName(/^Actual 1, predicted 1: /);
    await page.keyboard.press('Enter');
    const panel = page.getByRole('complementary', { name: '1, correct' });
    await expect(panel).toBeVisible();
    await panel.getByRole('button', { name: 'Close' }).focus();
    await page.keyboard.press('Escape');
    await expect(panel).toBeHidden();
    await expect(cell).toBeFocused();
  });
});
