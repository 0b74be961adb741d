import { lora as spec, MASK, type LoraOptions } from '../../shared/methods/lora.ts';
import { targeted } from '../../shared/methods/target-modules.ts';
import * as g from '../graph/operations.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { TuningMethod } from './method.ts';

/** alpha / r, or alpha / √r (rsLoRA, arXiv 2312.03732). */
export function scaleOf({
  alpha,
  rank,
  rankStabilized,
}: Pick<LoraOptions, 'alpha' | 'rank' | 'rankStabilized'>): number {
  return alpha / (rankStabilized ? Math.sqrt(rank) : rank);
}

/** LoRA: y = W x + bias + s B A dropout(x), computed as two thin products; merged, W + s B A. */
export const lora: TuningMethod<LoraOptions> = {
  spec,

  attach(build, { linears }, o, { noise }) {
    const scale = g.scalar(scaleOf(o));
    const rows = noise.get('loraRows');
    const columns = noise.get('loraColumns');
    const offsets = new Map<string, number>();
    let inputs = 0;
    for (const { path, in: inner } of targeted(linears, o.targetModules)) {
      offsets.set(path, inputs);
      inputs += inner;
    }
    return {
      ...build,
      linear: (path, x, source) => {
        const y = build.linear(path, x, source);
        const offset = offsets.get(path);
        if (offset === undefined) return y;
        const [count = 0, inner = 0] = x.shape;
        const given =
          rows === undefined || columns === undefined
            ? x
            : g.mul(
                x,
                dropoutMask(
                  g.slice(rows, [0, 0], [count, MASK.terms]),
                  g.slice(columns, [offset, 0], [inner, MASK.terms]),
                  o.dropout,
                ),
              );
        const thin = g.matmul(given, build.param(`${path}.lora_A.weight`), { transposeB: true });
        const b = build.param(`${path}.lora_B.weight`);
        return g.add(y, g.matmul(g.mul(thin, scale), b, { transposeB: true }));
      },
    };
  },

  *delta({ linears }, o, adapter) {
    const scale = scaleOf(o);
    for (const { path, in: inner, out } of targeted(linears, o.targetModules)) {
      const [a, b] = [adapter.get(`${path}.lora_A.weight`), adapter.get(`${path}.lora_B.weight`)];
      if (a === undefined || b === undefined) throw new Error(`"${path}" has no LoRA tensors`);
      const difference = new Float64Array(out * inner);
      for (let y = 0; y < out; y++)
        for (let r = 0; r < o.rank; r++) {
          const factor = scale * b[y * o.rank + r]!;
          for (let x = 0; x < inner; x++) difference[y * inner + x]! += factor * a[r * inner + x]!;
        }
      yield [`${path}.weight`, difference];
    }
  },

  merged: ({ linears }, o, param) =>
    new Map(
      targeted(linears, o.targetModules).map(({ path }) => {
        const name = `${path}.weight`;
        const b = g.mul(param(`${path}.lora_B.weight`), g.scalar(scaleOf(o)));
        return [name, g.add(param(name), g.matmul(b, param(`${path}.lora_A.weight`)))];
      }),
    ),
};

/**
 * Returns a mask (rows, columns): 0 for dropped elements, 1 / (1 − p) for kept ones, with p the
 * probability rounded to a multiple of 1 / 128. An element is dropped by a hash of its row and
 * column, Σᵢ row[i] · column[i] modulo 256, which is uniform, and independent for any two elements
 * of a row or a column. A step therefore needs only a few random numbers per row and column, not
 * one per element. Sums and remainders are exact in float32, the products even in bfloat16.
 */
function dropoutMask(rows: Tensor, columns: Tensor, probability: number): Tensor {
  const { values } = MASK;
  const sums = g.matmul(rows, columns, { transposeB: true });
  const whole = g.cast(g.cast(g.mul(sums, g.scalar(1 / values)), 'int32'), 'float32');
  const hash = g.sub(sums, g.mul(whole, g.scalar(values)));
  // Even, because a row of even numbers has only even hashes.
  const dropped = Math.min(values - 2, 2 * Math.round((probability * values) / 2));
  const kept = g.cast(g.greaterEqual(hash, g.scalar(dropped)), 'float32');
  return g.mul(kept, g.scalar(values / (values - dropped)));
}
