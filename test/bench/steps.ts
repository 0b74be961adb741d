import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { engineEnvironment } from '../../main/platform/engine-environment.mjs';
import type { Device } from './device.ts';
import { waitForQuiet } from './machine.ts';
import type { Comparison } from './models.ts';
import { fastestProduct, type FastestProduct } from './products.ts';
import { median, spread } from './statistics.ts';
import { Subject } from './subject.ts';
import { makeTask } from './task.ts';

/**
 * One training step of ours against one of each peer: the same batch, and the same trained tensors
 * where the method is the same. Steps alternate, and each starts when the processor is otherwise
 * idle.
 */

export interface StepRow {
  readonly model: string;
  readonly batch: number;
  /** `ours`, or the name of the peer's form in `peers/step_peer.py`. */
  readonly subject: string;
  readonly medianSeconds: number;
  /** (max − min) ÷ median. */
  readonly spread: number;
  readonly steps: number;
  /** Peak resident memory of the process, including its libraries. */
  readonly peakMiB: number;
  /** The peer's median ÷ ours over the same turns; 1 for ours. */
  readonly speedup: number;
  /** Largest difference from our loss over the first five steps; null if the method differs. */
  readonly lossDifference: number | null;
  /**
   * Most cores used by other programs during a counted turn; above `OTHERS` if no turn was
   * undisturbed.
   */
  readonly others: number;
}

export interface WorkRow {
  readonly model: string;
  readonly batch: number;
  /** Matrix work of a step in 10⁹ floating point operations. */
  readonly gigaflop: number;
  /** The fastest matrix product of any library in this run. */
  readonly fastest: FastestProduct;
  /** Time of the matrix work at its rate ÷ time of a step. */
  readonly utilisation: number;
}

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
/** Initial steps, from the same weights, whose losses must agree. */
const COMPARED = 5;
/** Initial steps that are not timed. */
const WARM_UP = 2;
const LOSS_TOLERANCE = 1e-4;
/** Most cores that other programs may use during a counted step. */
export const OTHERS = 0.08;
export const PATIENCE_MS = 20_000;

export const stepAnswer = v.object({ seconds: v.number(), others: v.number(), loss: v.number() });
export const memoryAnswer = v.object({ peakMiB: v.number() });
const workAnswer = v.object({
  gigaflop: v.number(),
  shapes: v.array(v.object({ rows: v.number(), columns: v.number(), depth: v.number() })),
});

export async function compareSteps(
  python: string,
  comparison: Comparison,
  device: Device,
  say: (line: string) => void,
): Promise<{ rows: StepRow[]; work: WorkRow }> {
  const { model, timm, heads, batch, size, forms, turns } = comparison;
  const threads = availableParallelism();
  const task = mkdtempSync(join(tmpdir(), 'karst-bench-'));
  try {
    await makeTask(python, { timm, batch, size }, task);
    const ours = await Subject.start(
      'ours',
      process.execPath,
      [join(FOLDER, 'our-step.ts'), task, String(heads)],
      engineEnvironment({ threads, gpu: device.kind === 'gpu' }),
    );
    const losses = await firstLosses(ours);
    const ownTimes: number[] = [];
    const rows: StepRow[] = [];
    for (const form of forms) {
      const peer = await Subject.start(form, python, [
        ...[join(FOLDER, 'peers', 'step_peer.py'), timm, form, task, String(threads)],
        device.torch,
        String(size),
      ]);
      const times = await byTurns(ours, peer, turns);
      const lossDifference = form.startsWith('karst-')
        ? Math.max(...losses.map((loss, step) => Math.abs(loss - (times.losses[step] ?? NaN))))
        : null;
      // On a card both may multiply in TF32, each differently, so the difference is reported but
      // not bounded.
      const differs = lossDifference !== null && !(lossDifference < LOSS_TOLERANCE);
      if (differs && device.kind === 'cpu')
        throw new Error(
          `${form} on ${model} came to other losses: ${times.losses.join(', ')} instead of ${losses.join(', ')}`,
        );
      ownTimes.push(...times.ours);
      const { peakMiB } = await peer.ask('memory', memoryAnswer);
      await peer.end();
      const speedup = median(times.peer) / median(times.ours);
      say(`${model}, batch ${String(batch)}, ${form}: ${speedup.toFixed(2)} times our time`);
      rows.push({
        ...{ model, batch, subject: form },
        ...{ medianSeconds: median(times.peer), spread: spread(times.peer) },
        ...{ steps: times.peer.length, peakMiB, speedup, lossDifference },
        others: times.others,
      });
    }
    const { peakMiB } = await ours.ask('memory', memoryAnswer);
    const { gigaflop, shapes } = await ours.ask('work', workAnswer);
    const fastest = await fastestProduct(ours, shapes, { python, device, threads });
    await ours.end();
    const own: StepRow = {
      ...{
        model,
        batch,
        subject: 'ours',
        medianSeconds: median(ownTimes),
        spread: spread(ownTimes),
      },
      ...{ steps: ownTimes.length, peakMiB, speedup: 1, lossDifference: 0 },
      others: Math.max(...rows.map((row) => row.others)),
    };
    const utilisation = gigaflop / fastest.gigaflops / own.medianSeconds;
    return { rows: [own, ...rows], work: { model, batch, gigaflop, fastest, utilisation } };
  } finally {
    rmSync(task, { recursive: true, force: true });
  }
}

async function firstLosses(subject: Subject): Promise<number[]> {
  const losses: number[] = [];
  for (let i = 0; i < COMPARED; i++) losses.push((await subject.ask('step', stepAnswer)).loss);
  return losses;
}

interface Turn {
  readonly ours: number;
  readonly peer: number;
  readonly others: number;
}

/**
 * Alternates the steps. Only turns that other programs left undisturbed in both steps count. If
 * there were none, the least disturbed turns count, and `others` shows it. `losses` are the peer's
 * first ones, from the shared initial weights; ours may be further along, which does not affect its
 * time.
 */
async function byTurns(
  ours: Subject,
  peer: Subject,
  turns: number,
): Promise<{ ours: number[]; peer: number[]; losses: number[]; others: number }> {
  const losses: number[] = [];
  const all: Turn[] = [];
  const clean = (): Turn[] => all.filter(({ others }) => others <= OTHERS);
  const most = Math.max(COMPARED, WARM_UP + 2 * turns);
  for (let turn = 0; turn < most; turn++) {
    if (turn >= COMPARED && clean().length >= turns) break;
    await waitForQuiet(PATIENCE_MS);
    const own = await ours.ask('step', stepAnswer);
    await waitForQuiet(PATIENCE_MS);
    const other = await peer.ask('step', stepAnswer);
    if (turn < COMPARED) losses.push(other.loss);
    const others = Math.max(own.others, other.others);
    if (turn >= WARM_UP) all.push({ ours: own.seconds, peer: other.seconds, others });
  }
  const counted =
    clean().length > 0 ? clean() : all.sort((a, b) => a.others - b.others).slice(0, turns);
  return {
    ours: counted.map((turn) => turn.ours),
    peer: counted.map((turn) => turn.peer),
    losses,
    others: Math.max(...counted.map((turn) => turn.others)),
  };
}
