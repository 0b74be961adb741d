import { legalise } from '../../main/graph/legalise.ts';
import type { ProgramFunction } from '../../main/graph/program.ts';
import { isNode } from '../../main/graph/registry.ts';
import { inTopologicalOrder, sizeOf, staticShape } from '../../main/graph/tensor.ts';
import type { ProductShape } from './products.ts';

/** Of the shapes with the most work, so many are measured. */
const MEASURED_SHAPES = 4;

/** All matrix products of one call; `count` is that of a batch. */
function products(fn: ProgramFunction): (ProductShape & { readonly count: number })[] {
  const results = [...Object.values(fn.outputs), ...fn.updates.map(({ value }) => value)];
  const parts = legalise(inTopologicalOrder(results), () => false);
  return inTopologicalOrder(results.map((node) => parts.get(node) ?? node)).flatMap((node) => {
    if (!isNode(node, 'matmul')) return [];
    const [a] = node.inputs;
    const depth = staticShape(a.shape).at(node.attributes.transposeA ? -2 : -1) ?? 1;
    const shape = staticShape(node.shape);
    const [rows = 1, columns = 1] = shape.slice(-2);
    return [{ rows, columns, depth, count: sizeOf(shape) / (rows * columns) }];
  });
}

const workOf = ({ rows, columns, depth }: ProductShape): number => 2 * rows * columns * depth;

/**
 * Floating point operations of all matrix products in one call: 2 · rows · columns · inner each,
 * counting a multiplication and an addition as two.
 */
export function matrixWork(fn: ProgramFunction): number {
  return products(fn).reduce((sum, product) => sum + product.count * workOf(product), 0);
}

/** The shapes of the unbatched products that most of the matrix work goes into, most first. */
export function mainShapes(fn: ProgramFunction): ProductShape[] {
  const byShape = new Map<string, { readonly shape: ProductShape; work: number }>();
  for (const { count, ...shape } of products(fn)) {
    if (count > 1) continue;
    const key = JSON.stringify(shape);
    const entry = byShape.get(key) ?? { shape, work: 0 };
    entry.work += workOf(shape);
    byShape.set(key, entry);
  }
  const most = [...byShape.values()].sort((a, b) => b.work - a.work);
  return most.slice(0, MEASURED_SHAPES).map(({ shape }) => shape);
}
