import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { makeDigits } from '../e2e/fixtures/digits.ts';
import { waitForQuiet } from './machine.ts';
import { BENCH_MODELS } from './models.ts';
import { PATIENCE_MS, type Timed } from './quiet-time.ts';
import { makeTask } from './task.ts';

const KARST = fileURLToPath(new URL('../../main/cli/karst.mjs', import.meta.url));
const REPEATS = 3;
const PER_CLASS = 8;
const run = promisify(execFile);

/**
 * Measures `karst train` until its first step is done, when an earlier run with the same settings
 * has cached the compiled programs and decoded images. Uses the starter, and ViT-Tiny/16 at 224
 * pixels with random weights.
 */
export async function measureFirstSteps(python: string, timed: Timed): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'karst-bench-'));
  const home = join(folder, 'home');
  const karst = (...words: string[]): Promise<unknown> =>
    run(process.execPath, [KARST, '--home', home, ...words]);
  try {
    const digits = join(folder, 'digits');
    makeDigits(digits, { perClass: PER_CLASS });
    await karst('dataset', 'add', digits, '--name', 'digits', '--val', '0.2');
    await makeTask(python, { ...BENCH_MODELS.tiny, batch: 1 }, folder);
    const tiny = join(folder, 'tiny');
    mkdirSync(tiny);
    copyFileSync(join(folder, 'backbone.safetensors'), join(tiny, 'model.safetensors'));
    await karst('backbone', 'add', tiny, '--name', 'tiny', '--heads', '3');
    for (const [title, backbone] of [
      ['starter, batch 16', 'starter'],
      ['ViT-Tiny/16, batch 16', 'tiny'],
    ] as const) {
      const words = ['--dataset', 'digits', '--backbone', backbone, '--batch-size', '16'];
      const seconds: number[] = [];
      for (let i = 0; i <= REPEATS; i++) {
        await waitForQuiet(PATIENCE_MS);
        const own = await secondsToFirstStep(['--home', home, '--json', 'train', ...words]);
        if (i > 0) seconds.push(own);
      }
      timed(`first step of a second run, ${title}`, seconds);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Measured from the start of the command. The run continues to the end of its single epoch. */
async function secondsToFirstStep(words: readonly string[]): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, [KARST, ...words, '--epochs', '1'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  let seconds: number | null = null;
  for await (const line of createInterface({ input: child.stdout })) {
    const { event } = v.parse(v.looseObject({ event: v.string() }), JSON.parse(line));
    if (event === 'metrics') seconds ??= (performance.now() - began) / 1000;
  }
  const [code] = (await ended) as [number | null];
  if (code !== 0 || seconds === null) throw new Error(`the run ended with ${String(code)}`);
  return seconds;
}
