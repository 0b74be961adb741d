import type { NodeOf } from '../../../graph/registry.ts';
import { sizeOf, staticShape, type StaticShape, type Tensor } from '../../../graph/tensor.ts';
import { u32, type Block } from '../block.ts';
import { Element } from '../element.ts';
import { shapeName, type Dispatch } from '../shader.ts';
import { defineFinish, defineOperand, type KernelSource } from './writer.ts';

/** Terms of a product that are in workgroup memory at one time. */
const DEPTH = 16;
/** Sides of a tile that a workgroup computes; the largest is the usual one. */
const SIDES = [16, 32, 64];
/** Terms written out one after the other, as the compiler of WGSL unrolls no loops. */
const UNROLLED = 4;
/** Rows and columns of the tile that are one thread's, in registers. */
const OF_A_THREAD = 4;

interface Sizes {
  readonly batch: StaticShape;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
}

/**
 * A batch of matrix products. A workgroup computes a tile of the result from slabs of both operands
 * in workgroup memory; a thread keeps 4 × 4 of its elements in registers. Slabs are vectors of four
 * rows, or columns, for each term. Operands are read through expressions, so transposed, sliced and
 * padded ones need no copy.
 */
export function matmul(source: KernelSource, node: NodeOf<'matmul'>): Dispatch {
  const { shader } = source;
  const [a, b] = node.inputs;
  const { transposeA, transposeB } = node.attributes;
  const sizes = sizesOf(node);
  const { batch, rows, columns, depth } = sizes;
  const height = sideFor(rows);
  const width = sideFor(columns);
  const across = width / OF_A_THREAD;
  const threads = (height / OF_A_THREAD) * across;

  defineSide(source, 'a_at', a, sizes, transposeA);
  defineSide(source, 'b_at', b, sizes, !transposeB);
  defineFinish(source, ['batch', 'row', 'column'], 'f32', (block) =>
    Element.at(staticShape(node.shape), [...batchOf(block, batch), 'row', 'column']),
  );
  shader.define(finishRow(sizes, height, width));
  shader.declare(
    [
      `var<workgroup> slab_a: array<vec4f, ${String((DEPTH * height) / 4)}>;`,
      `var<workgroup> slab_b: array<vec4f, ${String((DEPTH * width) / 4)}>;`,
    ].join('\n'),
  );
  // Neighbouring threads read neighbouring elements: along the terms, or along the lines.
  const loadA = { name: 'a', side: height, lines: rows, depth, depthFirst: !transposeA, threads };
  const loadB = { name: 'b', side: width, lines: columns, depth, depthFirst: transposeB, threads };
  const tilesDown = Math.ceil(rows / height);
  const tilesAcross = Math.ceil(columns / width);
  const body = `let batch = group / ${u32(tilesDown * tilesAcross)};
let first_a = (group / ${u32(tilesAcross)}) % ${u32(tilesDown)} * ${u32(height)};
let first_b = group % ${u32(tilesAcross)} * ${u32(width)};
let down = lane / ${u32(across)};
let along = lane % ${u32(across)};
${numbers(OF_A_THREAD, (i) => `var sum${i} = vec4f();`)}
for (var depth = 0u; depth < ${u32(depth)}; depth += ${u32(DEPTH)}) {
${slabText(loadA)}
${slabText(loadB)}
workgroupBarrier();
for (var part = 0u; part < ${u32(DEPTH)}; part += ${u32(UNROLLED)}) {
${numbers(UNROLLED, (k) => termText(k, height, width))}
}
workgroupBarrier();
}
let row = first_a + down * 4u;
let column = first_b + along * 4u;
${numbers(OF_A_THREAD, (i) => `finish_row(batch, row + ${i}u, column, sum${i});`)}`;
  const results = sizeOf(batch) * rows * columns;
  const groups = sizeOf(batch) * tilesDown * tilesAcross;
  const label = `matmul ${shapeName(a)} ${shapeName(b)}`;
  return shader.dispatch(label, { groups, threads, body }, 2 * results * depth);
}

function sizesOf(node: NodeOf<'matmul'>): Sizes {
  const shape = staticShape(node.shape);
  const [rows = 0, columns = 0] = shape.slice(-2);
  const sides = staticShape(node.inputs[0].shape);
  const depth = sides.at(node.attributes.transposeA ? -2 : -1) ?? 0;
  return { batch: shape.slice(0, -2), rows, columns, depth };
}

function sideFor(lines: number): number {
  return SIDES.find((side) => lines <= side) ?? SIDES.at(-1) ?? 0;
}

function batchOf(block: Block, batch: StaticShape): readonly string[] {
  return Element.numbered(batch, 'batch').coordinates(block);
}

/** `name(batch, line, term)`: a line is a row of the left operand, or a column of the right one. */
function defineSide(
  source: KernelSource,
  name: string,
  operand: Tensor,
  { batch, depth }: Sizes,
  termFirst: boolean,
): void {
  if (depth === 0) {
    source.shader.define(`fn ${name}(batch: u32, line: u32, term: u32) -> f32 { return 0f; }`);
    return;
  }
  const last = termFirst ? ['term', 'line'] : ['line', 'term'];
  defineOperand(source, name, operand, ['batch', 'line', 'term'], (block) =>
    Element.at(staticShape(operand.shape), [...batchOf(block, batch), ...last]),
  );
}

interface Slab {
  readonly name: string;
  readonly side: number;
  /** Lines and terms of the whole operand. */
  readonly lines: number;
  readonly depth: number;
  readonly depthFirst: boolean;
  readonly threads: number;
}

/** Statements that bring a slab into workgroup memory, with zeros beyond the operand's edges. */
function slabText({ name, side, lines, depth, depthFirst, threads }: Slab): string {
  const vectors = (DEPTH * side) / 4;
  const conditions = [
    ...(lines % side === 0 ? [] : [`line + i < ${u32(lines)}`]),
    ...(depth % DEPTH === 0 ? [] : [`term < ${u32(depth)}`]),
  ];
  const guard = conditions.length === 0 ? '' : `if (${conditions.join(' && ')}) `;
  return `for (var at = lane; at < ${u32(vectors)}; at += ${u32(threads)}) {
let part = ${depthFirst ? `at % ${u32(DEPTH)}` : `at / ${u32(side / 4)}`};
let lines = ${depthFirst ? `at / ${u32(DEPTH)}` : `at % ${u32(side / 4)}`};
let term = depth + part;
let line = first_${name} + lines * 4u;
var v = vec4f();
for (var i = 0u; i < 4u; i++) { ${guard}{ v[i] = ${name}_at(batch, line + i, term); } }
slab_${name}[part * ${u32(side / 4)} + lines] = v;
}`;
}

/** Statements that add one term to all sums of a thread. */
function termText(k: string, height: number, width: number): string {
  const parts = ['x', 'y', 'z', 'w'].map(
    (part, i) => `sum${String(i)} = fma(vec4f(a.${part}), b, sum${String(i)});`,
  );
  return `{
let a = slab_a[(part + ${k}u) * ${u32(height / 4)} + down];
let b = slab_b[(part + ${k}u) * ${u32(width / 4)} + along];
${parts.join('\n')}
}`;
}

/** The function that writes four neighbouring elements of a row. */
function finishRow({ rows, columns }: Sizes, height: number, width: number): string {
  const conditions = [
    ...(rows % height === 0 ? [] : [`row < ${u32(rows)}`]),
    ...(columns % width === 0 ? [] : [`column + j < ${u32(columns)}`]),
  ];
  const guard = conditions.length === 0 ? '' : `if (${conditions.join(' && ')}) `;
  return `fn finish_row(batch: u32, row: u32, column: u32, sums: vec4f) {
for (var j = 0u; j < 4u; j++) { ${guard}{ finish(batch, row, column + j, sums[j]); } }
}`;
}

function numbers(count: number, text: (i: string) => string): string {
  return Array.from({ length: count }, (_, i) => text(String(i))).join('\n');
}
