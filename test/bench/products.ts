import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import type { Device } from './device.ts';
import { waitForQuiet } from './machine.ts';
import { Subject } from './subject.ts';

/** A matrix product (rows, depth) × (depth, columns). */
export interface ProductShape {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
}

/** The fastest product of a run. */
export interface FastestProduct extends ProductShape {
  /** `ours` (our kernels and XLA), or a peer's library. */
  readonly library: string;
  /** In 10⁹ floating point operations a second. */
  readonly gigaflops: number;
}

/** A rate for each shape, in 10⁹ floating point operations a second, by library. */
export type Rates = Readonly<Record<string, readonly number[]>>;

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
/** Ours and the peers alternate so often. */
const ROUNDS = 2;
const PATIENCE_MS = 20_000;

const ratesAnswer = v.record(v.string(), v.array(v.number()));

/**
 * Finds the fastest product of all libraries at these shapes: ours in the process of our step, and
 * on a processor PyTorch's and OpenBLAS's.
 *
 * @param ours answers the line `products`
 */
export async function fastestProduct(
  ours: Subject,
  shapes: readonly ProductShape[],
  { python, device, threads }: { python: string; device: Device; threads: number },
): Promise<FastestProduct> {
  const peer =
    device.kind === 'cpu'
      ? await Subject.start(
          'products',
          python,
          [join(FOLDER, 'peers', 'product_peer.py'), JSON.stringify(shapes), String(threads)],
          { OPENBLAS_NUM_THREADS: String(threads) },
        )
      : null;
  const found: Rates[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const subject of peer === null ? [ours] : [ours, peer]) {
      await waitForQuiet(PATIENCE_MS);
      found.push(await subject.ask('products', ratesAnswer));
    }
  }
  await peer?.end();
  return fastestOf(shapes, found);
}

/** @throws if there is no rate */
export function fastestOf(
  shapes: readonly ProductShape[],
  found: readonly Rates[],
): FastestProduct {
  const all = found.flatMap((rates) =>
    Object.entries(rates).flatMap(([library, each]) =>
      shapes.map((shape, i) => ({ ...shape, library, gigaflops: each[i] ?? 0 })),
    ),
  );
  const [first, ...rest] = all;
  if (first === undefined) throw new Error('no product was measured');
  return rest.reduce((best, one) => (one.gigaflops > best.gigaflops ? one : best), first);
}
