import { scalar } from './ops/constant.ts';
import { mul } from './ops/mul.ts';
import { sum } from './ops/sum.ts';
import { sizeOf, staticShape, type Tensor } from './tensor.ts';

/** The public graph API for building models: one function per operation, and a few composites. */

export { add } from './ops/add.ts';
export { addKronecker } from './ops/add-kronecker.ts';
export { attention } from './ops/attention.ts';
export { attentionGradient } from './ops/attention-gradient.ts';
export { broadcastTo } from './ops/broadcast-to.ts';
export { cast } from './ops/cast.ts';
export { concat } from './ops/concat.ts';
export { constant, scalar } from './ops/constant.ts';
export { div } from './ops/div.ts';
export { erf } from './ops/erf.ts';
export { exp } from './ops/exp.ts';
export { gather } from './ops/gather.ts';
export { gatherGradient } from './ops/gather-gradient.ts';
export { gelu } from './ops/gelu.ts';
export { geluGradient } from './ops/gelu-gradient.ts';
export { customVjp } from './ops/custom-vjp.ts';
export { greaterEqual } from './ops/greater-equal.ts';
export { input } from './ops/input.ts';
export { kroneckerGradient } from './ops/kronecker-gradient.ts';
export { layerNorm } from './ops/layer-norm.ts';
export { layerNormGradient } from './ops/layer-norm-gradient.ts';
export { log } from './ops/log.ts';
export { logSoftmax } from './ops/log-softmax.ts';
export { matmul } from './ops/matmul.ts';
export { max } from './ops/max.ts';
export { maximum } from './ops/maximum.ts';
export { minimum } from './ops/minimum.ts';
export { mix } from './ops/mix.ts';
export { mixGradient } from './ops/mix-gradient.ts';
export { mul } from './ops/mul.ts';
export { neg } from './ops/neg.ts';
export { packedAttention } from './ops/packed-attention.ts';
export { packedAttentionGradient } from './ops/packed-attention-gradient.ts';
export { pad } from './ops/pad.ts';
export { remat } from './ops/remat.ts';
export { reshape } from './ops/reshape.ts';
export { rsqrt } from './ops/rsqrt.ts';
export { select } from './ops/select.ts';
export { sigmoid } from './ops/sigmoid.ts';
export { slice } from './ops/slice.ts';
export { softmax } from './ops/softmax.ts';
export { sqrt } from './ops/sqrt.ts';
export { stopGradient } from './ops/stop-gradient.ts';
export { sub } from './ops/sub.ts';
export { sum } from './ops/sum.ts';
export { tanh } from './ops/tanh.ts';
export { transpose } from './ops/transpose.ts';
export { variable } from './ops/variable.ts';

/**
 * The axes must not include an open batch: its size, and so the divisor, is known only at call
 * time.
 */
export function mean(x: Tensor, axes: readonly number[], keepDims = false): Tensor {
  const count = sizeOf(staticShape(axes.map((axis) => x.shape[axis] ?? 1)));
  return mul(sum(x, axes, keepDims), scalar(1 / count));
}

export function sumAll(x: Tensor): Tensor {
  return sum(
    x,
    x.shape.map((_, axis) => axis),
  );
}
