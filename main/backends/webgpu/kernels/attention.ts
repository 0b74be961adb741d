import type { NodeOf } from '../../../graph/registry.ts';
import { staticShape } from '../../../graph/tensor.ts';
import { u32 } from '../block.ts';
import { Element } from '../element.ts';
import { f32, shapeName, type Dispatch } from '../shader.ts';
import {
  BLOCK,
  defineBias,
  defineLine,
  eachVector,
  groupsOf,
  headSizes,
  ownToken,
  passingLoop,
  product,
  slabs,
} from './heads.ts';
import { defineFinish, type KernelSource } from './writer.ts';

/** Less than any score. */
export const LOWEST = '-3.4e38f';

/**
 * softmax(scale · q kᵀ + bias) v. A thread has one query; when a higher score comes, what is summed
 * so far is scaled to it (the online softmax of arXiv 1805.02867).
 */
export function attention(source: KernelSource, node: NodeOf<'attention'>): Dispatch {
  const { shader } = source;
  const sizes = headSizes(node.inputs);
  const { images, queries, keys, heads, width } = sizes;
  const [q, k, v, bias] = node.inputs;
  defineLine(source, 'query_line', q);
  defineLine(source, 'key_line', k);
  defineLine(source, 'value_line', v);
  defineBias(source, node.inputs);
  const place = ['image', 'token', 'head', 'feature'];
  defineFinish(source, place, 'f32', () => Element.at(staticShape(node.shape), place));
  shader.declare(slabs(sizes, ['keys', 'values']));
  const shift =
    bias === undefined ? '' : 'if (inside) { score += bias_at(image, head, query, other + j); }';
  const body = `${ownToken('query', queries, heads)}
${eachVector(sizes, (i) => `var q${i} = vec4f();\nvar o${i} = vec4f();`)}
if (inside) {
${eachVector(sizes, (i) => `q${i} = query_line(image, query, head, ${i}u) * ${f32(node.attributes.scale)};`)}
}
var most = ${LOWEST};
var sum = 0f;
${passingLoop(
  sizes,
  keys,
  { keys: 'key_line', values: 'value_line' },
  '',
  `var score = ${product(sizes, 'q', 'keys')};
${shift}
let top = max(most, score);
let keep = exp(max(most - top, -100f));
let weight = exp(score - top);
sum = sum * keep + weight;
${eachVector(sizes, (i) => `o${i} = o${i} * keep + weight * values[line + ${i}u];`)}
most = top;`,
)}
if (inside) {
let share = 1f / sum;
${features(width, (vector, part, feature) => `finish(image, query, head, ${feature}, o${vector}.${part} * share);`)}
}`;
  const work = 4 * images * heads * queries * keys * width;
  const label = `attention ${shapeName(q)} ${shapeName(k)}`;
  return shader.dispatch(label, { groups: groupsOf(sizes, queries), threads: BLOCK, body }, work);
}

/** One statement for each number of a line that lies in vectors. */
export function features(
  width: number,
  text: (vector: string, part: string, feature: string) => string,
): string {
  return Array.from({ length: width }, (_, feature) =>
    text(String(Math.floor(feature / 4)), 'xyzw'[feature % 4] ?? 'x', u32(feature)),
  ).join('\n');
}
