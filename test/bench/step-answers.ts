import { createInterface } from 'node:readline';
import { machineSeconds, ownSeconds } from './machine.ts';

/** Answer to a `Subject` for one step. */
export interface StepAnswer {
  readonly seconds: number;
  /** Cores used by other programs during the step. */
  readonly others: number;
  readonly loss: number;
}

/**
 * Answers the lines from a `Subject` until its input ends: `memory` with the peak resident memory,
 * the names in `more` by calling them, any other line with one step.
 *
 * @param make runs one step and returns its loss
 */
export async function answerSteps(
  make: () => Promise<number>,
  more: Readonly<Record<string, () => object | Promise<object>>> = {},
): Promise<void> {
  const answer = (values: object): void => console.log(JSON.stringify(values));
  answer({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'memory') answer({ peakMiB: process.resourceUsage().maxRSS / 1024 });
    else answer(await (more[line] ?? (() => timed(make)))());
  }
}

async function timed(make: () => Promise<number>): Promise<StepAnswer> {
  const machine = machineSeconds();
  const own = ownSeconds();
  const began = performance.now();
  const loss = await make();
  const seconds = (performance.now() - began) / 1000;
  const others = Math.max(0, machineSeconds() - machine - (ownSeconds() - own)) / seconds;
  return { seconds, others, loss };
}
