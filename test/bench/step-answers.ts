import { createInterface } from 'node:readline';
import { machineSeconds, ownSeconds } from './machine.ts';

/** What a `Subject` is told of a step. */
export interface StepAnswer {
  readonly seconds: number;
  /** Cores that others used meanwhile. */
  readonly others: number;
  readonly loss: number;
}

/**
 * Answers the lines of a `Subject` until they end: `memory` with the largest resident memory, `more`'s by their
 * names, any other with one step.
 *
 * @param make makes one step and returns its loss
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
