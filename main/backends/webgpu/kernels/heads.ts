import type { AttentionInputs } from '../../../graph/language.ts';
import { scoresShape } from '../../../graph/ops/attention.ts';
import { staticShape, type Tensor } from '../../../graph/tensor.ts';
import { u32 } from '../block.ts';
import { Element } from '../element.ts';
import { defineOperand, type KernelSource } from './writer.ts';

/**
 * What the kernels of attention share. A workgroup has one head of one image and a block of
 * queries, or of keys, of which each thread keeps one in registers. The other side passes through
 * workgroup memory, block by block, and no score outlives its use.
 */

/** Threads of a workgroup, and so queries, or keys, of its block. */
export const BLOCK = 64;

/** Vectors of 16 bytes that every device has as workgroup memory. */
const WORKGROUP_VECTORS = 1000;

export interface HeadSizes {
  readonly images: number;
  readonly queries: number;
  readonly keys: number;
  readonly heads: number;
  /** Numbers of a head, and vectors of four that they take. */
  readonly width: number;
  readonly vectors: number;
  /** Lines of the passing side that are in workgroup memory at one time. */
  readonly passing: number;
}

export function headSizes([q, k]: AttentionInputs): HeadSizes {
  const [images = 0, queries = 0, heads = 0, width = 0] = staticShape(q.shape);
  const keys = staticShape(k.shape)[1] ?? 0;
  const vectors = Math.ceil(width / 4);
  const passing = Math.min(32, Math.floor(WORKGROUP_VECTORS / (2 * vectors + 1)));
  return { images, queries, keys, heads, width, vectors, passing };
}

/** Defines `name(image, token, head, part) -> vec4f`: four numbers of a line, zeros beyond. */
export function defineLine(source: KernelSource, name: string, operand: Tensor): void {
  const parameters = ['image', 'token', 'head', 'feature'];
  const shape = staticShape(operand.shape);
  const width = shape[3] ?? 0;
  defineOperand(source, `${name}_at`, operand, parameters, () => Element.at(shape, parameters));
  const loads = ['x', 'y', 'z', 'w'].map((part, i) => {
    const load = `v.${part} = ${name}_at(image, token, head, part * 4u + ${u32(i)});`;
    return width % 4 === 0 ? load : `if (part * 4u + ${u32(i)} < ${u32(width)}) { ${load} }`;
  });
  source.shader.define(`fn ${name}(image: u32, token: u32, head: u32, part: u32) -> vec4f {
var v = vec4f();
${loads.join('\n')}
return v;
}`);
}

/** Defines `bias_at(image, head, query, key)`. */
export function defineBias(source: KernelSource, [q, k, , bias]: AttentionInputs): void {
  if (bias === undefined) return;
  const parameters = ['image', 'head', 'query', 'key'];
  defineOperand(source, 'bias_at', bias, parameters, (block) =>
    Element.at(staticShape(scoresShape(q, k)), parameters).broadcastFrom(
      block,
      staticShape(bias.shape),
    ),
  );
}

/** Statements that name the workgroup's image and head, and the thread's token. */
export function ownToken(name: string, count: number, heads: number): string {
  const blocks = Math.ceil(count / BLOCK);
  return `let image = group / ${u32(heads * blocks)};
let head = group / ${u32(blocks)} % ${u32(heads)};
let ${name} = group % ${u32(blocks)} * ${u32(BLOCK)} + lane;
let inside = ${name} < ${u32(count)};`;
}

export function groupsOf({ images, heads }: HeadSizes, count: number): number {
  return images * heads * Math.ceil(count / BLOCK);
}

/** One statement for each vector of a line. */
export function eachVector({ vectors }: HeadSizes, text: (i: string) => string): string {
  return Array.from({ length: vectors }, (_, i) => text(String(i))).join('\n');
}

/** The product of a thread's own line, in registers, and one in workgroup memory. */
export function product({ vectors }: HeadSizes, own: string, slab: string): string {
  return Array.from(
    { length: vectors },
    (_, i) => `dot(${own}${String(i)}, ${slab}[line + ${u32(i)}])`,
  ).join(' + ');
}

/** Declares the workgroup memory for lines that pass, by names. */
export function slabs({ passing, vectors }: HeadSizes, names: readonly string[]): string {
  return names
    .map((name) => `var<workgroup> ${name}: array<vec4f, ${String(passing * vectors)}>;`)
    .join('\n');
}

/**
 * A loop over all lines of the passing side.
 * @param count number of lines
 * @param load functions that read a line's vectors, by the slab that they fill
 * @param extra statements of the threads that load more than vectors; `other` is the first line
 * @param each statements for one line, at `line` in its slab, with the number `other + j`
 */
export function passingLoop(
  sizes: HeadSizes,
  count: number,
  load: Readonly<Record<string, string>>,
  extra: string,
  each: string,
): string {
  const { passing, vectors } = sizes;
  const loads = Object.entries(load);
  return `for (var other = 0u; other < ${u32(count)}; other += ${u32(passing)}) {
for (var at = lane; at < ${u32(passing * vectors)}; at += ${u32(BLOCK)}) {
let token = other + at / ${u32(vectors)};
let part = at % ${u32(vectors)};
if (token < ${u32(count)}) {
${loads.map(([slab, name]) => `${slab}[at] = ${name}(image, token, head, part);`).join('\n')}
}
}
${extra}
workgroupBarrier();
let lines = min(${u32(passing)}, ${u32(count)} - other);
for (var j = 0u; j < lines; j++) {
let line = j * ${u32(vectors)};
${each}
}
workgroupBarrier();
}`;
}
