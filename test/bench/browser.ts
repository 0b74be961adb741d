import { chromium, type Page } from '@playwright/test';
import { findChromium } from '../setup/chromium.mjs';
import { serveStudio, type ServedStudio } from '../e2e/fixtures/served-studio.ts';
import { StudioClient } from '../e2e/fixtures/studio-client.ts';
import { median } from './statistics.ts';

/** A served studio and the page open in it, for a measurement in a browser. */
export interface OpenedStudio {
  readonly served: ServedStudio;
  readonly client: StudioClient;
  readonly page: Page;
}

/**
 * Serves a home and opens it in Chromium without a graphics card, as the tests do. Closes both when
 * `work` ends.
 */
export async function inBrowser<T>(
  options: { readonly home: string; readonly cache: string },
  work: (opened: OpenedStudio) => Promise<T>,
): Promise<T> {
  const executablePath = findChromium();
  if (executablePath === null) throw new Error('no Chromium was found; KARST_CHROMIUM names one');
  const served = await serveStudio({ home: options.home, env: { KARST_CACHE: options.cache } });
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    const client = await StudioClient.open(served);
    await client.call('settings.update', { welcomed: true });
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(served.url);
    const done = await work({ served, client, page });
    client.close();
    return done;
  } finally {
    await browser.close();
    await served.close();
  }
}

/** Smoothness: statistics of the times between the frames that a page drew. */
export interface FrameTimes {
  readonly frames: number;
  readonly medianMs: number;
  readonly longestMs: number;
  readonly over50: number;
}

export function frameTimes(milliseconds: readonly number[]): FrameTimes {
  return {
    frames: milliseconds.length,
    medianMs: median(milliseconds),
    longestMs: Math.max(...milliseconds),
    over50: milliseconds.filter((ms) => ms > 50).length,
  };
}

/** Table cells, in the order of `FRAME_COLUMNS`. */
export function frameCells(times: FrameTimes): string[] {
  const { frames, medianMs, longestMs, over50 } = times;
  return [
    String(frames),
    `${medianMs.toFixed(0)} ms`,
    `${longestMs.toFixed(0)} ms`,
    String(over50),
  ];
}

export const FRAME_COLUMNS = ['frames', 'median', 'longest', 'over 50 ms'];
