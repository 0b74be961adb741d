import { chromium, type Page } from '@playwright/test';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from '../../main/setup/built.mjs';
import { findChromium } from '../setup/chromium.mjs';
import { Progress } from '../../main/setup/progress.mjs';
import { ensureTestApplication } from '../setup/electron-9.mjs';
import { ensureTestElectron } from '../setup/test-electron.mjs';
import { serveStudio } from '../e2e/fixtures/served-studio.ts';
import { TestBed } from '../electron/fixtures/desktop.ts';
import startDisplay from '../electron/fixtures/virtual-display.ts';
import { timeQuietly, type Timed } from './quiet-time.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const REPEATS = 5;

/**
 * Measures the time until the studio is usable: its first screen is shown, and a click in the
 * navigation has opened a page. The first start of a home is excluded.
 */
export async function measureWindows(timed: Timed, say: (line: string) => void): Promise<void> {
  await measureDesktop(timed, say);
  await measureServed(timed, say);
}

async function use(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).waitFor();
  const places = page.getByRole('navigation', { name: 'Places' });
  await places.getByRole('link', { name: 'Data' }).click();
  await page.getByRole('heading', { level: 1, name: 'Data' }).waitFor();
}

/** Measured from the start of the application's process, including Playwright's overhead. */
async function measureDesktop(timed: Timed, say: (line: string) => void): Promise<void> {
  const electron = await ensureTestElectron(ROOT, new Progress());
  if ('missing' in electron) {
    say(`The window was not measured. ${electron.missing}`);
    return;
  }
  await ensureTestApplication(ROOT, electron.path, new Progress());
  process.env['KARST_NODE'] ??= process.execPath;
  const stopDisplay = await startDisplay();
  const bed = new TestBed();
  try {
    const seconds: number[] = [];
    for (let i = 0; i <= REPEATS; i++) {
      let close = (): Promise<void> => Promise.resolve();
      const own = await timeQuietly(async () => {
        const desktop = await bed.launch({ executable: electron.path });
        close = () => desktop.close();
        await use(desktop.page);
      });
      await close();
      if (i > 0) seconds.push(own);
    }
    timed('desktop window, until a click is followed', seconds);
  } finally {
    await bed.remove();
    await stopDisplay();
  }
}

/** Measured from the browser's request to a studio that is already running. */
async function measureServed(timed: Timed, say: (line: string) => void): Promise<void> {
  const executablePath = findChromium();
  if (executablePath === null) {
    say('The served studio was not measured: there is no Chromium.');
    return;
  }
  await ensureBuilt(ROOT, ['renderer'], process.execPath, new Progress());
  const served = await serveStudio();
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    const seconds: number[] = [];
    for (let i = 0; i <= REPEATS; i++) {
      const context = await browser.newContext();
      const page = await context.newPage();
      const own = await timeQuietly(async () => {
        await page.goto(served.url);
        await use(page);
      });
      await context.close();
      if (i > 0) seconds.push(own);
    }
    timed('served studio in Chromium, until a click is followed', seconds);
  } finally {
    await browser.close();
    await served.close();
  }
}
