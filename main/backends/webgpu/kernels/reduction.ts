import type { NodeOf } from '../../../graph/registry.ts';
import { sizeOf, staticShape } from '../../../graph/tensor.ts';
import { u32 } from '../block.ts';
import { Element } from '../element.ts';
import { zeroOf } from '../expression.ts';
import { shapeName, type Dispatch } from '../shader.ts';
import { treeFunctions, treeThreads } from './tree.ts';
import { defineFinish, defineOperand, type KernelSource } from './writer.ts';

/** Fewer terms are added by one thread each result, more by a workgroup. */
const FEWEST_OF_A_WORKGROUP = 64;
const THREADS = 256;

/** Sums and maxima over any axes. */
export function reduction(source: KernelSource, node: NodeOf<'sum' | 'max'>): Dispatch {
  const { shader } = source;
  const [x] = node.inputs;
  const shape = staticShape(x.shape);
  const axes = shape.map((_, axis) => axis);
  const reduced = axes.filter((axis) => node.attributes.axes.includes(axis));
  const kept = axes.filter((axis) => !node.attributes.axes.includes(axis));
  const sides = (some: readonly number[]): number[] => some.map((axis) => shape[axis] ?? 1);
  const terms = sizeOf(sides(reduced));
  const results = sizeOf(sides(kept));
  const type = node.dtype === 'int32' ? 'i32' : 'f32';
  const first = node.op === 'sum' ? zeroOf(node.dtype) : 'x_at(at, 0u)';
  const combined = node.op === 'sum' ? 'found + x_at(at, term)' : 'max(found, x_at(at, term))';

  if (terms === 0) shader.define(`fn x_at(at: u32, term: u32) -> ${type} { return ${first}; }`);
  else
    defineOperand(source, 'x_at', x, ['at', 'term'], (block) => {
      const outer = Element.numbered(sides(kept), 'at').coordinates(block);
      const inner = Element.numbered(sides(reduced), 'term').coordinates(block);
      return Element.at(shape, placed(axes, kept, outer, inner));
    });
  defineFinish(source, ['at'], type, () => Element.numbered(staticShape(node.shape), 'at'));
  const label = `${node.op} ${shapeName(x)} to ${shapeName(node)}`;
  if (terms < FEWEST_OF_A_WORKGROUP) {
    const body = `let at = group * ${u32(THREADS)} + lane;
if (at >= ${u32(results)}) { return; }
var found = ${first};
for (var term = ${node.op === 'sum' ? '0u' : '1u'}; term < ${u32(terms)}; term++) { found = ${combined}; }
finish(at, found);`;
    const groups = Math.ceil(results / THREADS);
    return shader.dispatch(label, { groups, threads: THREADS, body }, results * terms);
  }
  const threads = treeThreads(terms);
  shader.declare(treeFunctions(threads, type));
  // Where a thread has no term of its own, its start must be one of the terms.
  const body = `let at = group;
var found = ${first};
for (var term = lane; term < ${u32(terms)}; term += ${u32(threads)}) { found = ${combined}; }
let all = ${node.op === 'sum' ? 'total' : 'highest'}(lane, found);
if (lane == 0u) { finish(at, all); }`;
  return shader.dispatch(label, { groups: results, threads, body }, results * terms);
}

function placed(
  axes: readonly number[],
  kept: readonly number[],
  outer: readonly string[],
  inner: readonly string[],
): string[] {
  let [nextOuter, nextInner] = [0, 0];
  return axes.map((axis) =>
    kept.includes(axis) ? (outer[nextOuter++] ?? '0u') : (inner[nextInner++] ?? '0u'),
  );
}
