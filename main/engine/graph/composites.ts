import { attentionGradientOf, attentionOf } from './attention.ts';
import { addKroneckerOf, kroneckerGradientOf } from './kronecker.ts';
import { layerNormGradientOf, layerNormOf } from './layer-norm.ts';
import { mixGradientOf, mixOf } from './mix.ts';
import * as g from './operations.ts';
import type { NodeOf, OpName, Tensor } from './tensor.ts';

/**
 * Operations that are kept whole in the graph (their gradients are simpler than their parts') and taken apart
 * here for targets that have no such kernel.
 */
type Composite =
  | NodeOf<'gelu'>
  | NodeOf<'geluGradient'>
  | NodeOf<'layerNorm'>
  | NodeOf<'layerNormGradient'>
  | NodeOf<'gradientVia'>
  | NodeOf<'recomputed'>
  | NodeOf<'attention'>
  | NodeOf<'attentionGradient'>
  | NodeOf<'addKronecker'>
  | NodeOf<'kroneckerGradient'>
  | NodeOf<'mix'>
  | NodeOf<'mixGradient'>;

export const COMPOSITES: ReadonlySet<OpName> = new Set<Composite['op']>([
  'gelu',
  'geluGradient',
  'layerNorm',
  'layerNormGradient',
  'gradientVia',
  'recomputed',
  'attention',
  'attentionGradient',
  'addKronecker',
  'kroneckerGradient',
  'mix',
  'mixGradient',
]);

const half = g.scalar(0.5);
const one = g.scalar(1);

/** Φ(x) = ½ (1 + erf(x / √2)). */
function normalDistribution(x: Tensor): Tensor {
  return g.mul(half, g.add(one, g.erf(g.mul(x, g.scalar(Math.SQRT1_2)))));
}

/** φ(x) = exp(−x² / 2) / √(2π). */
function normalDensity(x: Tensor): Tensor {
  const exponent = g.mul(g.scalar(-0.5), g.mul(x, x));
  return g.mul(g.scalar(1 / Math.sqrt(2 * Math.PI)), g.exp(exponent));
}

export function decompose(node: Composite): Tensor {
  const [x, dy, third] = node.inputs as readonly [Tensor, Tensor, Tensor];
  switch (node.op) {
    case 'gelu':
      return g.mul(x, normalDistribution(x));
    case 'geluGradient':
      return g.mul(dy, g.add(normalDistribution(x), g.mul(x, normalDensity(x))));
    // What leads to the other input only is dropped with it.
    case 'gradientVia':
    case 'recomputed':
      return x;
    case 'attention':
      return attentionOf(x, x.shape[1] ?? 0);
    case 'attentionGradient':
      return attentionGradientOf(x, dy);
    case 'addKronecker':
      return addKroneckerOf(x, dy, third);
    case 'kroneckerGradient':
      return kroneckerGradientOf(x, dy, third);
    case 'mix':
      return mixOf(x, dy);
    case 'mixGradient':
      return mixGradientOf(x, dy);
    case 'layerNorm':
      return layerNormOf(x, dy, third, node.attributes.epsilon);
    case 'layerNormGradient':
      return layerNormGradientOf(x, dy, third, node.attributes.epsilon);
  }
}

export function isComposite(node: Tensor): node is Composite {
  return COMPOSITES.has(node.op);
}

/** The same outputs with every composite but those to `keep` replaced by its parts; shared nodes stay shared. */
export function withoutComposites(
  order: readonly Tensor[],
  keep: (node: Tensor) => boolean = () => false,
): Map<Tensor, Tensor> {
  const replaced = new Map<Tensor, Tensor>();
  for (const node of order) {
    const inputs = node.inputs.map((x) => replaced.get(x) ?? x);
    const changed = inputs.some((x, i) => x !== node.inputs[i]);
    const rebuilt = changed ? ({ ...node, inputs } as Tensor) : node;
    replaced.set(node, isComposite(rebuilt) && !keep(rebuilt) ? decompose(rebuilt) : rebuilt);
  }
  return replaced;
}
