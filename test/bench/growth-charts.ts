import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { homeFolders } from '../../main/host/home.ts';
import { newOwner, releaseOwner } from '../../main/host/owner.ts';
import { DatasetRepository } from '../../main/host/store/datasets.ts';
import { MetricRepository } from '../../main/host/store/metrics.ts';
import { closeLibrary, openLibrary } from '../../main/host/store/open-library.ts';
import { RunRepository } from '../../main/host/store/runs.ts';
import { TRAINING_DEFAULTS } from '../../shared/domain/training.ts';
import {
  FRAME_COLUMNS,
  frameCells,
  frameTimes,
  inBrowser,
  type FrameTimes,
  type OpenedStudio,
} from './browser.ts';
import { waitForQuiet } from './machine.ts';
import { markdownTable, type Section } from './table.ts';

/** Smoothness of the window while it charts a run of 100,000 steps. */
export interface ChartRow extends FrameTimes {
  readonly doing: string;
  readonly seconds: number;
}

const STEPS = 100_000;
const EPOCHS = 100;
const RUN = 'run-long';
const DATASET = 'ds-birds';
const PATIENCE_MS = 60_000;
const CHART = 'main .stage-box';

export async function measureCharts(say: (line: string) => void): Promise<Section> {
  const work = mkdtempSync(join(tmpdir(), 'karst-bench-'));
  try {
    const home = join(work, 'home');
    await writeRun(home);
    const rows = await inBrowser({ home, cache: join(work, 'cache') }, chart);
    for (const row of rows) say(`${row.doing}: ${frameCells(row).join(', ')}`);
    const markdown = markdownTable(
      [`a run of ${STEPS.toLocaleString('en')} steps`, 'takes', ...FRAME_COLUMNS],
      rows.map((row) => [row.doing, `${row.seconds.toFixed(1)} s`, ...frameCells(row)]),
    );
    return { results: rows, markdown };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * Creates a home with a finished run: a training record for every step and a validation for every
 * epoch.
 */
async function writeRun(home: string): Promise<void> {
  const folders = homeFolders(home);
  const owner = newOwner();
  const { library } = await openLibrary(folders, owner);
  const runs = new RunRepository(library, (id) => join(folders.runs, id));
  const metrics = new MetricRepository(library);
  const perEpoch = STEPS / EPOCHS;
  const createdAt = new Date(0).toISOString();
  new DatasetRepository(library).begin(
    {
      ...{ id: DATASET, name: 'birds', path: '/birds', layout: 'class-folders', seed: 0 },
      ...{ valFraction: 0.2, testFraction: 0, task: 'single-label', importingBy: owner, createdAt },
    },
    ['gull', 'tern'],
  );
  library.transaction(() => {
    runs.insert({
      ...{ id: RUN, name: 'a long one', projectId: null, backboneId: null, datasetId: DATASET },
      parentAdapterId: null,
      backbone: {
        ...{ path: null, sha256: '', name: 'vit tiny' },
        architecture: {
          ...{ family: 'vit', imageSize: 224, patchSize: 16, width: 192, depth: 12, heads: 3 },
          ...{ mlpDim: 768, qkvBias: true, classes: 0, layerNormEpsilon: 1e-6 },
        },
        preprocessing: {
          ...{ imageSize: 224, interpolation: 'bicubic', cropFraction: 1, cropMode: 'center' },
          ...{ mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
        },
      },
      ...{
        datasetName: 'birds',
        classes: ['gull', 'tern'],
        classLabels: [0, 1],
        manifestSha256: '0'.repeat(64),
      },
      task: 'single-label',
      counts: { train: perEpoch * TRAINING_DEFAULTS.batchSize, val: 1000, test: 0 },
      config: {
        ...TRAINING_DEFAULTS,
        schedule: { ...TRAINING_DEFAULTS.schedule, epochs: EPOCHS },
      },
      createdAt: new Date().toISOString(),
    });
    runs.progress(RUN, { state: 'done', step: STEPS, epoch: EPOCHS, bestTop1: 0.9, bestLoss: 0.3 });
    for (let step = 1; step <= STEPS; step++) {
      const done = step / STEPS;
      const epoch = step / perEpoch;
      // Irregular, like real losses.
      const noise = Math.sin(step * 12.9898) * 0.2 + Math.sin(step * 0.37) * 0.1;
      const common = { step, epoch, loss: 2 * Math.exp(-4 * done) + 0.3 + noise * 0.5 };
      metrics.insert(RUN, {
        ...{ kind: 'train', ...common, top1: Math.min(1, 0.4 + done / 2 + noise / 9) },
        ...{ learningRate: 1e-3 * (1 - done), gradientNorm: 1.5 + noise },
        ...{ imagesPerSecond: 60 + 10 * noise, waiting: 0.01 },
      });
      if (step % perEpoch === 0)
        metrics.insert(RUN, { kind: 'validation', ...common, top1: 0.5 + done / 3, best: true });
    }
  });
  closeLibrary(library, owner);
  releaseOwner(owner);
}

async function chart({ served, page }: OpenedStudio): Promise<ChartRow[]> {
  await page.evaluate(() => {
    localStorage.setItem('karst.charts.along', 'steps');
    localStorage.setItem('karst.charts.smoothing', '50');
  });
  // Records frame times from the page's first frame.
  await page.addInitScript(() => {
    const times: number[] = [];
    let last = performance.now();
    const next = (now: number): void => {
      times.push(now - last);
      last = now;
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
    Object.assign(window, { frameTimes: () => times.splice(0) });
  });
  const rows: ChartRow[] = [];
  const watch = async (doing: string, work: () => Promise<unknown>): Promise<void> => {
    const began = performance.now();
    await work();
    const seconds = (performance.now() - began) / 1000;
    rows.push({ doing, seconds, ...frameTimes(await framesOf(page)) });
  };
  await page.goto(`${served.origin}/runs`);
  const link = page.getByRole('link', { name: 'a long one' }).first();
  await link.waitFor();
  await waitForQuiet(PATIENCE_MS);
  await framesOf(page);
  await watch('opening it, until all is drawn', async () => {
    await link.click();
    await page
      .locator(`${CHART}[aria-valuemax="${String(STEPS)}"]`)
      .first()
      .waitFor();
    await page.waitForTimeout(500);
  });
  const box = await page.locator(CHART).first().boundingBox();
  if (box === null) throw new Error('the chart is not to be seen');
  const at = (share: number): [number, number] => [
    box.x + share * box.width,
    box.y + box.height / 2,
  ];
  await watch('moving over it', async () => {
    for (let i = 0; i <= 60; i++) await page.mouse.move(...at(0.2 + i / 100));
  });
  await watch('zooming in five times and out again', async () => {
    for (let i = 0; i < 5; i++) {
      await page.mouse.move(...at(0.3));
      await page.mouse.down();
      await page.mouse.move(...at(0.7), { steps: 8 });
      await page.mouse.up();
      await page.waitForTimeout(200);
    }
    await page.mouse.dblclick(...at(0.5));
    await page.waitForTimeout(300);
  });
  return rows;
}

/** Returns the frame times in milliseconds since the last call. */
async function framesOf(page: Page): Promise<number[]> {
  return page.evaluate(() => (window as unknown as { frameTimes(): number[] }).frameTimes());
}
