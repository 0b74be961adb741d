import { FLOAT, need, needType, node } from './node.ts';
import { sameShape, shapeText, sizeOf, type OpName, type Tensor } from './tensor.ts';

/** Operations of networks that are kept whole, because there are kernels for them and their gradients are simpler than their parts'. */

/**
 * Layer normalisation (arXiv 1607.06450): (x − mean) / sqrt(variance + ε) over the last axis, of the width of weight and bias,
 * times weight plus bias.
 */
export function layerNorm(x: Tensor, weight: Tensor, bias: Tensor, epsilon: number): Tensor {
  needType('layerNorm', [x, weight, bias], FLOAT);
  needLayerNorm('layerNorm', x, weight, epsilon);
  need(
    sameShape(weight.shape, bias.shape),
    () => `layerNorm with a bias of ${shapeText(bias.shape)}`,
  );
  return node('layerNorm', [x, weight, bias], { epsilon }, x.shape);
}

/** The gradient of x for the gradient dy of `layerNorm`; a leaf of differentiation. */
export function layerNormGradient(x: Tensor, weight: Tensor, dy: Tensor, epsilon: number): Tensor {
  needType('layerNormGradient', [x, weight, dy], FLOAT);
  needLayerNorm('layerNormGradient', x, weight, epsilon);
  need(
    sameShape(x.shape, dy.shape),
    () => `layerNormGradient over ${shapeText(x.shape)}, ${shapeText(dy.shape)}`,
  );
  return node('layerNormGradient', [x, weight, dy], { epsilon }, x.shape);
}

function needLayerNorm(op: OpName, x: Tensor, weight: Tensor, epsilon: number): void {
  need(
    x.shape.length > 0 && sameShape(weight.shape, x.shape.slice(-1)) && epsilon >= 0,
    () =>
      `${op} of ${shapeText(x.shape)} with a weight of ${shapeText(weight.shape)}, ε = ${String(epsilon)}`,
  );
}

/**
 * Multi-head attention (arXiv 1706.03762) of queries, keys and values side by side: qkv (batch, tokens, 3, heads, width) →
 * (batch, tokens, heads, width), softmax(q kᵀ / √width) v of each head.
 */
export function attention(qkv: Tensor): Tensor {
  needType('attention', [qkv], FLOAT);
  const [batch = 0, tokens = 0, parts = 0, heads = 0, width = 0] = qkv.shape;
  need(
    qkv.shape.length === 5 && parts === 3 && width > 0,
    () => `attention over ${shapeText(qkv.shape)}`,
  );
  return node('attention', [qkv], {}, [batch, tokens, heads, width]);
}

/** The backward pass of `attention`, of the shape of qkv; a leaf of differentiation. */
export function attentionGradient(qkv: Tensor, dy: Tensor): Tensor {
  need(
    sameShape(attention(qkv).shape, dy.shape),
    () => `attentionGradient over ${shapeText(qkv.shape)}, ${shapeText(dy.shape)}`,
  );
  needType('attentionGradient', [qkv, dy], FLOAT);
  return node('attentionGradient', [qkv, dy], {}, qkv.shape);
}

/**
 * weight + Σᵢ c[i] ⊗ d[i], of Kronecker products: c (kernels, l, m), d (kernels, splits, k, n), weight
 * (splits · l · k, m · n); the splits, one above the other, share c.
 */
export function addKronecker(weight: Tensor, c: Tensor, d: Tensor): Tensor {
  needType('addKronecker', [weight, c, d], FLOAT);
  needKronecker('addKronecker', weight, c, d);
  return node('addKronecker', [weight, c, d], {}, weight.shape);
}

/** The gradients of c and d, as one vector, for the gradient dy of `addKronecker`; a leaf of differentiation. */
export function kroneckerGradient(dy: Tensor, c: Tensor, d: Tensor): Tensor {
  needType('kroneckerGradient', [dy, c, d], FLOAT);
  needKronecker('kroneckerGradient', dy, c, d);
  return node('kroneckerGradient', [dy, c, d], {}, [sizeOf(c.shape) + sizeOf(d.shape)]);
}

function needKronecker(op: OpName, weight: Tensor, c: Tensor, d: Tensor): void {
  const [kernels = 0, l = 0, m = 0] = c.shape;
  const [, splits = 0, k = 0, n = 0] = d.shape;
  need(
    c.shape.length === 3 &&
      d.shape.length === 4 &&
      d.shape[0] === kernels &&
      sameShape(weight.shape, [splits * l * k, m * n]),
    () => `${op} of ${[weight, c, d].map((t) => shapeText(t.shape)).join(', ')}`,
  );
}

/**
 * x (rows, m, kernels, rank) mixed over m by each kernel's c, of shape (kernels, l, m):
 * y[t, p, i, s] = Σ_q c[i, p, q] x[t, q, i, s], of shape (rows, l, kernels, rank).
 */
export function mix(x: Tensor, c: Tensor): Tensor {
  needType('mix', [x, c], FLOAT);
  const [rows = 0, m = 0, kernels = 0, rank = 0] = x.shape;
  const [, l = 0] = c.shape;
  const fits = x.shape.length === 4 && sameShape(c.shape, [kernels, l, m]);
  need(fits, () => `mix of ${shapeText(x.shape)} by ${shapeText(c.shape)}`);
  return node('mix', [x, c], {}, [rows, l, kernels, rank]);
}

/** The gradient of c (kernels, l, m), for the gradient dy (rows, l, kernels, rank) of `mix`; a leaf of differentiation. */
export function mixGradient(dy: Tensor, x: Tensor): Tensor {
  needType('mixGradient', [dy, x], FLOAT);
  const [rows = 0, l = 0, ...blocks] = dy.shape;
  const [, m = 0] = x.shape;
  const fits = dy.shape.length === 4 && sameShape(x.shape, [rows, m, ...blocks]);
  need(fits, () => `mixGradient of ${shapeText(dy.shape)} by ${shapeText(x.shape)}`);
  return node('mixGradient', [dy, x], {}, [blocks[0] ?? 0, l, m]);
}
