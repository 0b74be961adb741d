import type { KarstLinear, KarstOptions } from '../../shared/methods/karst.ts';
import type { Tensors } from './method.ts';

/**
 * Computes ΔW (out, in) of one Linear, row-major, by its definition: scale · Σᵢ kron(cᵢ, aᵢᵀ bᵢᵀ).
 */
export function deltaWeight64(
  linear: KarstLinear,
  o: KarstOptions,
  adapter: Tensors,
): Float64Array {
  const { path, l, k, m, n, parts, rank } = linear;
  const c = tensor(adapter, `${path}.karst_c`);
  const a = tensor(adapter, `${path}.karst_a`);
  const b = tensor(adapter, `${path}.karst_b`);
  const delta = new Float64Array(linear.out * linear.in);
  const d = new Float64Array(k * n);
  for (let i = 0; i < o.kernels; i++) {
    for (let part = 0; part < parts; part++) {
      lowRankProduct(d, a, b, { k, n, rank, a0: (i * parts + part) * rank * k, b0: i * n * rank });
      const row0 = part * l * k;
      for (let p = 0; p < l; p++) {
        for (let q = 0; q < m; q++) {
          const scale = ((c[(i * l + p) * m + q] ?? 0) * o.alpha) / rank;
          for (let y = 0; y < k; y++) {
            const at = (row0 + p * k + y) * linear.in + q * n;
            for (let x = 0; x < n; x++) delta[at + x]! += scale * d[y * n + x]!;
          }
        }
      }
    }
  }
  return delta;
}

/** Computes d (k, n) = aᵀ bᵀ for a (rank, k) at `a0` and b (n, rank) at `b0`. */
function lowRankProduct(
  d: Float64Array,
  a: Float32Array,
  b: Float32Array,
  at: { k: number; n: number; rank: number; a0: number; b0: number },
): void {
  for (let y = 0; y < at.k; y++) {
    for (let x = 0; x < at.n; x++) {
      let sum = 0;
      for (let r = 0; r < at.rank; r++)
        sum += a[at.a0 + r * at.k + y]! * b[at.b0 + x * at.rank + r]!;
      d[y * at.n + x] = sum;
    }
  }
}

/**
 * Re-parameterises by the definition, in float64: W* = diag(out_scale) (W + ΔW) diag(in_scale) and
 * bias* = out_scale ⊙ (bias + (W + ΔW) in_shift) + out_shift.
 * @returns W* − W (out, in), and bias* − bias (out) if the Linear is re-scaled, else null
 */
export function karstDelta(
  linear: KarstLinear,
  o: KarstOptions,
  adapter: Tensors,
  backbone: Tensors,
): { weight: Float64Array; bias: Float64Array | null } {
  const { path, out, in: inner } = linear;
  const weight = deltaWeight64(linear, o, adapter);
  if (!linear.rescaleIn && !linear.rescaleOut) return { weight, bias: null };
  const stored = tensor(backbone, `${path}.weight`);
  const before = backbone.get(`${path}.bias`);
  const bias = new Float64Array(out);
  const inScale = side(adapter, `${path}.in_scale`, inner, 1);
  const inShift = side(adapter, `${path}.in_shift`, inner, 0);
  const outScale = side(adapter, `${path}.out_scale`, out, 1);
  const outShift = side(adapter, `${path}.out_shift`, out, 0);
  for (let y = 0; y < out; y++) {
    const plain = before?.[y] ?? 0;
    let shifted = plain;
    for (let x = 0; x < inner; x++) {
      const at = y * inner + x;
      const w = stored[at]! + weight[at]!;
      shifted += w * inShift[x]!;
      weight[at] = outScale[y]! * w * inScale[x]! - stored[at]!;
    }
    bias[y] = outScale[y]! * shifted + outShift[y]! - plain;
  }
  return { weight, bias };
}

/**
 * Expands a re-scaling vector to full length. It is stored as a scalar or one value per channel; if
 * absent, it is filled with `neutral`.
 */
function side(adapter: Tensors, name: string, width: number, neutral: number): Float64Array {
  const stored = adapter.get(name);
  if (stored === undefined) return new Float64Array(width).fill(neutral);
  return stored.length === 1
    ? new Float64Array(width).fill(stored[0] ?? neutral)
    : Float64Array.from(stored);
}

function tensor(tensors: Tensors, name: string): Float32Array {
  const found = tensors.get(name);
  if (found === undefined) throw new Error(`the tensor "${name}" is missing`);
  return found;
}
