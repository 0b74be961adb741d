import * as g from '../../graph/operations.ts';
import type { NodeOf } from '../../graph/registry.ts';
import { sizeOf, staticShape, type Tensor } from '../../graph/tensor.ts';

/**
 * Splits long sums into partial ones, so that enough workgroups take part. Parts and their sums
 * have a fixed order, so that results are the same each time.
 */

/** Side of the largest tile of a product; one workgroup computes a tile. */
const TILE = 64;
/** As many tiles keep a card busy. */
const ENOUGH_TILES = 64;
/** Fewer terms are not worth a second dispatch. */
const FEWEST_TERMS = 256;

/** A product with a small result and many terms, as a sum of products over parts of the terms. */
export function deepMatmul(node: NodeOf<'matmul'>): Tensor {
  const { transposeA, transposeB } = node.attributes;
  const [a, b] = node.inputs;
  const shape = staticShape(node.shape);
  const [rows = 0, columns = 0] = shape.slice(-2);
  const batch = shape.slice(0, -2);
  const depth = staticShape(a.shape).at(transposeA ? -2 : -1) ?? 0;
  const tiles = sizeOf(batch) * Math.ceil(rows / TILE) * Math.ceil(columns / TILE);
  const parts = Math.min(Math.floor(depth / FEWEST_TERMS), Math.ceil(ENOUGH_TILES / tiles));
  if (tiles === 0 || parts < 2) return node;
  const terms = Math.ceil(depth / parts);
  const partial = g.matmul(
    inParts(a, transposeA ? -2 : -1, parts, terms),
    inParts(b, transposeB ? -1 : -2, parts, terms),
    { transposeA, transposeB },
  );
  return g.sum(partial, [0]);
}

/** (…, depth, …) as (parts, …, terms, …), padded with zeros. @param axis from the end, negative */
function inParts(x: Tensor, axis: number, parts: number, terms: number): Tensor {
  const shape = staticShape(x.shape);
  const at = shape.length + axis;
  const after = shape.map((side, i) => (i === at ? parts * terms - side : 0));
  const padded = g.pad(
    x,
    shape.map(() => 0),
    after,
  );
  const cut = [...shape.slice(0, at), parts, terms, ...shape.slice(at + 1)];
  const axes = cut.map((_, i) => i).filter((i) => i !== at);
  return g.transpose(g.reshape(padded, cut), [at, ...axes]);
}

/** Terms that one thread adds on its own. */
const TERMS_OF_A_THREAD = 32;
/** Terms that one workgroup adds. */
const TERMS_OF_A_WORKGROUP = 4096;
/** Fewer parts are not worth a second dispatch. */
const FEWEST_PARTS = 4;
/** The same where a workgroup of many threads would add them all. */
const FEWEST_PARTS_OF_WORKGROUPS = 16;

/** A sum with many terms, as a sum of partial sums. */
export function deepSum(node: NodeOf<'sum'>): Tensor {
  const [x] = node.inputs;
  const { axes } = node.attributes;
  const shape = staticShape(x.shape);
  const reduced = shape.map((_, axis) => axis).filter((axis) => axes.includes(axis));
  const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const terms = sizeOf(reduced.map((axis) => shape[axis] ?? 1));
  const results = sizeOf(kept.map((axis) => shape[axis] ?? 1));
  // Along the last axis, neighbouring threads read neighbouring terms of one result; along others,
  // neighbouring results.
  const alongLast = axes.includes(shape.length - 1);
  const most = alongLast ? TERMS_OF_A_WORKGROUP : TERMS_OF_A_THREAD;
  const parts = Math.ceil(terms / most);
  const fewest = alongLast ? FEWEST_PARTS_OF_WORKGROUPS : FEWEST_PARTS;
  if (results === 0 || parts < fewest) return node;
  const flat = g.reshape(g.transpose(x, [...reduced, ...kept]), [terms, results]);
  const padded = g.pad(flat, [0, 0], [parts * most - terms, 0]);
  const partial = g.sum(g.reshape(padded, [parts, most, results]), [1]);
  return g.reshape(g.sum(partial, [0]), node.shape);
}
