import type { KarstLinear, KarstOptions } from '../../shared/methods/karst.ts';
import { isOpen, times } from '../graph/dim.ts';
import * as g from '../graph/operations.ts';
import { GraphError } from '../graph/graph-error.ts';
import { sizeOf, type Tensor } from '../graph/tensor.ts';
import type { Build, Weights } from '../networks/build.ts';

/**
 * KARST (arXiv 2502.06779): y = out_scale ⊙ ((W + ΔW)(in_scale ⊙ x + in_shift) + bias) + out_shift
 * with ΔW = (alpha / rank) · Σᵢ kron(karst_c[i], karst_a[i]ᵀ karst_b[i]ᵀ), of shape (l·k, m·n) =
 * (out, in).
 */

/**
 * Returns W + ΔW (out, in). `rankMask` (N, rank), if given, drops rank directions and rescales the
 * others.
 */
export function adaptedWeight(
  linear: KarstLinear,
  o: KarstOptions,
  weights: Weights,
  rankMask?: Tensor,
): Tensor {
  const { path, k, n, parts, rank } = linear;
  const { kernels } = o;
  const masked = maskedA(linear, o, weights, rankMask);
  const a = g.reshape(g.transpose(masked, [0, 1, 3, 2]), [kernels, parts * k, rank]);
  const d = g.matmul(a, weights(`${path}.karst_b`), { transposeB: true });
  const scaled = g.reshape(g.mul(d, g.scalar(o.alpha / rank)), [kernels, parts, k, n]);
  return g.addKronecker(weights(`${path}.weight`), weights(`${path}.karst_c`), scaled);
}

/**
 * Computes x ΔWᵀ (rows, out) from the factors, without ΔW: with x as (rows · m, n), u = x karst_b,
 * v = u mixed over m by karst_c, and the result v karst_a. Its backward pass forms no matrix of W's
 * size.
 */
function deltaProduct(
  linear: KarstLinear,
  o: KarstOptions,
  weights: Weights,
  x: Tensor,
  rankMask?: Tensor,
): Tensor {
  const { path, l, k, m, n, parts, rank } = linear;
  const { kernels } = o;
  const [rows = 0] = x.shape;
  const b = g.reshape(g.transpose(weights(`${path}.karst_b`), [1, 0, 2]), [n, kernels * rank]);
  const u = g.reshape(g.matmul(g.reshape(x, [times(rows, m), n]), b), [rows, m, kernels, rank]);
  const v = g.mix(u, weights(`${path}.karst_c`));
  const scaled = g.mul(maskedA(linear, o, weights, rankMask), g.scalar(o.alpha / rank));
  const a = g.reshape(g.transpose(scaled, [0, 2, 1, 3]), [kernels * rank, parts * k]);
  const product = g.matmul(g.reshape(v, [times(rows, l), kernels * rank]), a);
  const byPart = g.transpose(g.reshape(product, [rows, l, parts, k]), [0, 2, 1, 3]);
  return g.reshape(byPart, [rows, linear.out]);
}

/** Returns karst_a as (kernels, parts, rank, k), with rank dropout applied. */
function maskedA(
  { path, k, parts, rank }: KarstLinear,
  { kernels }: KarstOptions,
  weights: Weights,
  rankMask?: Tensor,
): Tensor {
  const whole = g.reshape(weights(`${path}.karst_a`), [kernels, parts, rank, k]);
  return rankMask === undefined ? whole : g.mul(whole, g.reshape(rankMask, [kernels, 1, rank, 1]));
}

export interface KarstBuildOptions {
  /**
   * Whether a Linear computes the gradients of its factors without the dense dW, given the rows of
   * x.
   */
  readonly factoredGradient: (linear: KarstLinear, rows: number) => boolean;
  /** (adapted linears, kernels · highest rank), in the order of `linears`. */
  readonly rankMask?: Tensor | undefined;
}

/** Returns `build` with KARST applied to the adapted Linears. */
export function withKarst(
  build: Build,
  linears: readonly KarstLinear[],
  o: KarstOptions,
  { factoredGradient, rankMask }: KarstBuildOptions,
): Build {
  const weights = (name: string): Tensor => build.param(name);
  /**
   * Uses the full weight in the forward pass and for the gradient of x, and the factored products
   * for the gradients of the factors, for which x is recomputed from `source`.
   */
  const viaFactors = (
    linear: KarstLinear,
    given: Tensor,
    source: Tensor | undefined,
    adapted: Tensor,
    mask?: Tensor,
  ): Tensor => {
    const x = source === undefined ? given : g.remat(given, source);
    const product = g.matmul(x, g.stopGradient(adapted), { transposeB: true });
    return g.customVjp(product, deltaProduct(linear, o, weights, g.stopGradient(x), mask));
  };
  const indices = new Map(linears.map((linear, index) => [linear.path, index]));
  const adaptedLinear: Build['linear'] = (path, x, source) => {
    const index = indices.get(path);
    const linear = index === undefined ? undefined : linears[index];
    if (index === undefined || linear === undefined) return build.linear(path, x, source);
    const mask =
      rankMask === undefined
        ? undefined
        : g.reshape(g.slice(rankMask, [index, 0], [1, o.kernels * linear.rank]), [
            o.kernels,
            linear.rank,
          ]);
    const rescaled = (t: Tensor, site: 'in' | 'out'): Tensor =>
      g.add(g.mul(t, weights(`${path}.${site}_scale`)), weights(`${path}.${site}_shift`));
    const rows = x.shape[0] ?? 0;
    const factored = !isOpen(rows) && factoredGradient(linear, rows);
    // If the weight is smaller than its inputs, re-scaling it is cheaper than re-scaling x and y,
    // and the gradients of the scales come from dW instead of another pass over dy.
    if (!factored && linear.bias && (isOpen(rows) || linear.in < rows)) {
      const { weight, bias } = mergedLinear(linear, o, weights, mask);
      const product = g.matmul(x, weight, { transposeB: true });
      return bias === null ? product : g.add(product, bias);
    }
    const adapted = adaptedWeight(linear, o, weights, mask);
    const [given, from] = linear.rescaleIn ? [rescaled(x, 'in'), x] : [x, source];
    const product = factored
      ? viaFactors(linear, given, from, adapted, mask)
      : g.matmul(given, adapted, { transposeB: true });
    const y = linear.bias ? g.add(product, weights(`${path}.bias`)) : product;
    return linear.rescaleOut ? rescaled(y, 'out') : y;
  };
  return { ...build, linear: adaptedLinear };
}

/**
 * Merges an adapted Linear into a plain one, y = W* x + bias*: W* (out, in) = out_scale (W + ΔW)
 * in_scale by rows and columns, bias* (out) = out_scale ⊙ (bias + (W + ΔW) in_shift) + out_shift.
 * `bias` is null if the Linear has none. `rankMask` as for `adaptedWeight`.
 * @throws GraphError if a Linear without a bias is re-scaled, because its shift would need one
 */
export function mergedLinear(
  linear: KarstLinear,
  o: KarstOptions,
  weights: Weights,
  rankMask?: Tensor,
): { weight: Tensor; bias: Tensor | null } {
  const { path, rescaleIn, rescaleOut } = linear;
  const weight = adaptedWeight(linear, o, weights, rankMask);
  if (!linear.bias) {
    if (rescaleIn || rescaleOut) throw new GraphError(`"${path}" is re-scaled and has no bias`);
    return { weight, bias: null };
  }
  const bias = weights(`${path}.bias`);
  const byColumn = (name: string): Tensor => {
    const side = weights(`${path}.${name}`);
    return g.reshape(side, [1, sizeOf(side.shape)]);
  };
  const inside = rescaleIn
    ? {
        weight: g.mul(weight, byColumn('in_scale')),
        bias: g.add(bias, g.sum(g.mul(weight, byColumn('in_shift')), [1])),
      }
    : { weight, bias };
  if (!rescaleOut) return inside;
  const scale = weights(`${path}.out_scale`);
  return {
    weight: g.mul(inside.weight, g.reshape(scale, [sizeOf(scale.shape), 1])),
    bias: g.add(g.mul(inside.bias, scale), weights(`${path}.out_shift`)),
  };
}
