import { karstTensorShapes } from '../../../shared/domain/karst-shapes.ts';
import type { VitArchitecture } from '../../../shared/domain/architecture.ts';
import type { KarstOptions } from '../../../shared/methods/karst.ts';
import { adaptedLinears, type AdaptedLinear } from '../adapter/karst.ts';

/**
 * Re-parameterisation: W* = diag(out_scale) (W + ΔW) diag(in_scale) and
 * bias* = out_scale ⊙ (bias + (W + ΔW) in_shift) + out_shift, in float64.
 */
export type Tensors = ReadonlyMap<string, Float32Array>;

/** ΔW (out, in) of one Linear, row-major, straight from the definition: scale · Σᵢ kron(cᵢ, aᵢᵀ bᵢᵀ). */
export function deltaWeight64(
  linear: AdaptedLinear,
  o: KarstOptions,
  adapter: Tensors,
): Float64Array {
  const { module, l, k, m, n, splits } = linear;
  const c = tensor(adapter, `${module}.karst_c`);
  const a = tensor(adapter, `${module}.karst_a`);
  const b = tensor(adapter, `${module}.karst_b`);
  const { rank } = o;
  const delta = new Float64Array(linear.out * linear.in);
  const d = new Float64Array(k * n);
  for (let i = 0; i < o.kernels; i++) {
    for (let part = 0; part < splits; part++) {
      lowRankProduct(d, a, b, { k, n, rank, a0: (i * splits + part) * rank * k, b0: i * n * rank });
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

/** d (k, n) = aᵀ bᵀ for a (rank, k) at `a0` and b (n, rank) at `b0`. */
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

export interface MergedLinear {
  /** (out, in). */
  readonly weight: Float64Array;
  /** (out); null when the plain layer has none and needs none. */
  readonly bias: Float64Array | null;
}

/** One Linear with its adapter folded in. */
export function mergeLinear(
  linear: AdaptedLinear,
  o: KarstOptions,
  adapter: Tensors,
  backbone: Tensors,
): MergedLinear {
  const { module, out, in: inner } = linear;
  const weight = deltaWeight64(linear, o, adapter);
  tensor(backbone, `${module}.weight`).forEach((w, i) => (weight[i]! += w));
  const stored = backbone.get(`${module}.bias`);
  if (!linear.rescaleIn && !linear.rescaleOut) {
    return { weight, bias: stored === undefined ? null : Float64Array.from(stored) };
  }
  const bias = Float64Array.from(stored ?? new Float32Array(out));
  const inScale = side(adapter, `${module}.in_scale`, inner, 1);
  const inShift = side(adapter, `${module}.in_shift`, inner, 0);
  const outScale = side(adapter, `${module}.out_scale`, out, 1);
  const outShift = side(adapter, `${module}.out_shift`, out, 0);
  for (let y = 0; y < out; y++) {
    let shifted = bias[y]!;
    for (let x = 0; x < inner; x++) {
      const w = weight[y * inner + x]!;
      shifted += w * inShift[x]!;
      weight[y * inner + x] = outScale[y]! * w * inScale[x]!;
    }
    bias[y] = outScale[y]! * shifted + outShift[y]!;
  }
  return { weight, bias };
}

/**
 * Every tensor of the merged model by timm name: the backbone's with the adapted Linears replaced, and the
 * adapter's head. Linears without a bias whose shifts would need one are a case of backbones without qkv bias
 * only, where no re-scaling site lies.
 */
export function mergedTensors(
  architecture: VitArchitecture,
  karst: KarstOptions | null,
  adapter: Tensors,
  backbone: Tensors,
): Map<string, Float32Array | Float64Array> {
  const merged = new Map<string, Float32Array | Float64Array>(backbone);
  const own =
    karst === null ? new Set<string>() : new Set(karstTensorShapes(architecture, karst).keys());
  for (const [name, values] of adapter) if (!own.has(name)) merged.set(name, values);
  if (karst === null) return merged;
  for (const linear of adaptedLinears(architecture, karst)) {
    const { weight, bias } = mergeLinear(linear, karst, adapter, backbone);
    merged.set(`${linear.module}.weight`, weight);
    if (bias !== null) merged.set(`${linear.module}.bias`, bias);
  }
  return merged;
}

/** A re-scaling vector in full length: stored as one scalar or one value a channel; `neutral` when there is none. */
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
