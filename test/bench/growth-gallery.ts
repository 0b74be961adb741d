import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import {
  FRAME_COLUMNS,
  frameCells,
  frameTimes,
  inBrowser,
  type FrameTimes,
  type OpenedStudio,
} from './browser.ts';
import { waitForQuiet } from './machine.ts';
import { writeManyImages } from './many-images.ts';
import { markdownTable, type Section } from './table.ts';

/** Scrolling smoothness of the gallery with 100,000 images. */
export interface GalleryRow extends FrameTimes {
  readonly scrolling: string;
}

interface Scrolling {
  readonly words: string;
  /** Pixels scrolled per frame. */
  readonly pixels: number;
  /**
   * Every this many frames, jumps by a ninth of the list, like dragging the scroll bar; 0 for
   * never.
   */
  readonly leapEvery: number;
}

const IMAGES = 100_000;
const SECONDS = 8;
const PATIENCE_MS = 60_000;
const SCROLLINGS: readonly Scrolling[] = [
  { words: '60 pixels a frame', pixels: 60, leapEvery: 0 },
  { words: '220 pixels a frame, with leaps', pixels: 220, leapEvery: 60 },
  { words: 'back, 60 pixels a frame', pixels: -60, leapEvery: 0 },
];
const LIST = 'main [role=listbox]';

export async function measureGallery(say: (line: string) => void): Promise<Section> {
  const work = mkdtempSync(join(tmpdir(), 'karst-bench-'));
  try {
    const images = join(work, 'images');
    await writeManyImages(images, IMAGES);
    const rows = await inBrowser(
      { home: join(work, 'home'), cache: join(work, 'cache') },
      async (opened) => scrollThrough(opened, await importOf(opened, images), say),
    );
    const markdown = markdownTable(
      [`scrolling ${IMAGES.toLocaleString('en')} images`, ...FRAME_COLUMNS],
      rows.map((row) => [row.scrolling, ...frameCells(row)]),
    );
    return { results: rows, markdown };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** @returns the dataset's id */
async function importOf({ client }: OpenedStudio, path: string): Promise<string> {
  const source = { path, name: 'many images', val: 0.2, test: 0, seed: 0, projectId: null };
  const { datasetId } = await client.finish(client.call('datasets.import', source), 'dataset');
  return datasetId;
}

/** Runs the scrollings one after another, each from where the previous one ended. */
async function scrollThrough(
  { served, page }: OpenedStudio,
  dataset: string,
  say: (line: string) => void,
): Promise<GalleryRow[]> {
  await page.goto(`${served.origin}/data/${dataset}`);
  await page.locator(`${LIST} img`).first().waitFor();
  const rows: GalleryRow[] = [];
  for (const scrolling of SCROLLINGS) {
    await waitForQuiet(PATIENCE_MS);
    const times = frameTimes(await scroll(page, scrolling));
    say(`${scrolling.words}: ${frameCells(times).join(', ')} (${FRAME_COLUMNS.join(', ')})`);
    rows.push({ scrolling: scrolling.words, ...times });
    // Guards against a gallery that is smooth only because it never shows its images.
    await page.waitForFunction(
      (list) =>
        [...document.querySelectorAll<HTMLImageElement>(`${list} img`)].filter(
          (image) => image.naturalWidth > 0,
        ).length > 20,
      LIST,
    );
  }
  return rows;
}

/** Scrolls and returns the milliseconds between frames. */
async function scroll(page: Page, { pixels, leapEvery }: Scrolling): Promise<number[]> {
  return page.evaluate(
    async ({ selector, by, every, seconds }) => {
      const list = document.querySelector(selector);
      if (list === null) throw new Error('there is no gallery');
      const frame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
      const times: number[] = [];
      const end = performance.now() + 1000 * seconds;
      let last = await frame();
      for (let i = 1; performance.now() < end; i++) {
        list.scrollTop += by;
        if (every > 0 && i % every === 0) list.scrollTop += list.scrollHeight / 9;
        const now = await frame();
        times.push(now - last);
        last = now;
      }
      return times;
    },
    { selector: LIST, by: pixels, every: leapEvery, seconds: SECONDS },
  );
}
