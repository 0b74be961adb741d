import { waitForQuiet } from './machine.ts';

export const PATIENCE_MS = 5_000;

export type Timed = (what: string, seconds: readonly number[]) => void;

/** Waits until the processor is idle, then times `work`. @returns seconds */
export async function timeQuietly(work: () => Promise<unknown>): Promise<number> {
  await waitForQuiet(PATIENCE_MS);
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}
