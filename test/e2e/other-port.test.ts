import { test as base } from '@playwright/test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveStudio } from './fixtures/served-studio.ts';
import { expect } from './fixtures/studio.ts';
import { StudioClient } from './fixtures/studio-client.ts';

/**
 * Browser storage is per origin, which includes the port, so these settings must be stored by the
 * studio.
 */
base('theme, language and project are the same under another port', async ({ browser }) => {
  const home = mkdtempSync(join(tmpdir(), 'karst-home-'));
  const open = async () => {
    const studio = await serveStudio({ home });
    const context = await browser.newContext();
    const page = await context.newPage();
    return { studio, page, client: await StudioClient.open(studio) };
  };

  const first = await open();
  await first.client.call('settings.update', { welcomed: true });
  const project = await first.client.call('projects.create', { name: 'Mosses' });
  await first.page.goto(first.studio.url);
  await first.page.goto(`${first.studio.origin}/projects/${project.id}`);
  await expect(first.page.getByRole('heading', { level: 1 })).toHaveText('Mosses');
  for (const word of ['dark theme', 'switch to chinese']) {
    await first.page.keyboard.press('Control+k');
    await first.page.keyboard.type(word);
    await first.page.keyboard.press('Enter');
  }
  await expect(first.page.locator('html')).toHaveAttribute('lang', 'zh-CN');
  await expect
    .poll(() => first.client.call('settings.get', {}))
    .toMatchObject({ project: project.id, theme: 'dark', language: 'zh-CN' });
  first.client.close();
  await first.studio.close();

  const second = await open();
  await second.page.goto(second.studio.url);
  await expect(second.page.getByRole('heading', { level: 1 })).toHaveText('项目');
  await expect(second.page.locator('html')).toHaveAttribute('lang', 'zh-CN');
  await expect(second.page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(second.page.getByRole('banner').getByText('Mosses')).toBeVisible();
  second.client.close();
  await second.studio.close();
  rmSync(home, { recursive: true, force: true });
});
