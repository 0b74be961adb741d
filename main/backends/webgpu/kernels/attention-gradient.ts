import type { AttentionInputs } from '../../../graph/language.ts';
import { scoresShape } from '../../../graph/ops/attention.ts';
import type { NodeOf } from '../../../graph/registry.ts';
import { sizeOf, staticShape } from '../../../graph/tensor.ts';
import { Block, plus, u32 } from '../block.ts';
import { Element } from '../element.ts';
import type { AttentionGradientAttributes } from '../legal.ts';
import { f32, shapeName, type Dispatch, type Shader } from '../shader.ts';
import { sizeOfTensor, type Value } from '../storage.ts';
import { features, LOWEST } from './attention.ts';
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
  type HeadSizes,
} from './heads.ts';
import type { KernelSource } from './writer.ts';

/** Numbers kept of each query between the two kernels. */
const STATISTICS = ['highest', 'share', 'mean'] as const;

/** The memory that the gradient of attention needs for itself. */
export function statisticsOf(node: NodeOf<'attentionGradient'>): Value {
  const [dy] = node.inputs;
  const [images = 0, queries = 0, heads = 0] = staticShape(dy.shape);
  const size = images * heads * queries * STATISTICS.length;
  return { kind: 'computed', name: 'statistics', size };
}

/**
 * The gradients of q, k, v and the scores, whose weights are computed again from q and k. The first
 * kernel has a query in each thread: highest score, 1 / Σ exp, the weighted mean of dy · v, and dq.
 * The second has a key in each: dk and dv.
 */
export function attentionGradient(
  source: Omit<KernelSource, 'shader'>,
  shader: () => Shader,
  node: NodeOf<'attentionGradient'>,
  statistics: Value,
): Dispatch[] {
  return [
    byQuery({ ...source, shader: shader() }, node, statistics),
    byKey({ ...source, shader: shader() }, node, statistics),
  ];
}

function byQuery(
  source: KernelSource,
  node: NodeOf<'attentionGradient'>,
  statistics: Value,
): Dispatch {
  const { shader } = source;
  const { inputs, sizes, scale, write } = prepare(source, node);
  const { queries, keys, heads, width } = sizes;
  const bias = inputs[3] !== undefined;
  write('dq', 0);
  if (bias) writeScores(source, node, inputs);
  statisticsFunctions(source, statistics, sizes, true);
  shader.declare(slabs(sizes, ['keys', 'values']));
  const load = { keys: 'key_line', values: 'value_line' };
  const score = `var score = ${product(sizes, 'q', 'keys')};
${bias ? 'if (inside) { score += bias_at(image, head, query, other + j); }' : ''}
let slope = ${product(sizes, 'g', 'values')};`;
  const body = `${ownToken('query', queries, heads)}
${eachVector(sizes, (i) => `var q${i} = vec4f();\nvar g${i} = vec4f();\nvar d${i} = vec4f();`)}
if (inside) {
${eachVector(sizes, (i) => `q${i} = query_line(image, query, head, ${i}u) * ${f32(scale)};\ng${i} = dy_line(image, query, head, ${i}u);`)}
}
var most = ${LOWEST};
var sum = 0f;
var slopes = 0f;
${passingLoop(
  sizes,
  keys,
  load,
  '',
  `${score}
let top = max(most, score);
let keep = exp(max(most - top, -100f));
let weight = exp(score - top);
sum = sum * keep + weight;
slopes = slopes * keep + weight * slope;
most = top;`,
)}
let share = 1f / sum;
let mean = slopes * share;
${passingLoop(
  sizes,
  keys,
  load,
  '',
  `${score}
let change = exp(score - most) * share * (slope - mean);
${eachVector(sizes, (i) => `d${i} += change * keys[line + ${i}u];`)}
${bias ? 'if (inside) { write_score(image, head, query, other + j, change); }' : ''}`,
)}
if (inside) {
keep_highest(image, head, query, most);
keep_share(image, head, query, share);
keep_mean(image, head, query, mean);
${features(width, (vector, part, feature) => `write_dq(image, query, head, ${feature}, d${vector}.${part} * ${f32(scale)});`)}
}`;
  const work = 10 * sizeOfTensor(inputs[0]) * keys;
  const groups = groupsOf(sizes, queries);
  return shader.dispatch(`dq ${shapeName(node)}`, { groups, threads: BLOCK, body }, work);
}

function byKey(
  source: KernelSource,
  node: NodeOf<'attentionGradient'>,
  statistics: Value,
): Dispatch {
  const { shader } = source;
  const { inputs, sizes, scale, write } = prepare(source, node);
  const { queries, keys, heads, width, passing } = sizes;
  write('dk', 1);
  write('dv', 2);
  statisticsFunctions(source, statistics, sizes, false);
  const arrays = STATISTICS.map(
    (name) => `var<workgroup> ${name}: array<f32, ${String(passing)}>;`,
  );
  shader.declare([slabs(sizes, ['queries', 'slopes']), ...arrays].join('\n'));
  const kept = STATISTICS.map((name) => `${name}[lane] = kept_${name}(image, head, other + lane);`);
  const extra = `if (lane < ${u32(passing)} && other + lane < ${u32(queries)}) {\n${kept.join('\n')}\n}`;
  const bias =
    inputs[3] === undefined ? '' : 'if (inside) { score += bias_at(image, head, other + j, key); }';
  const body = `${ownToken('key', keys, heads)}
${eachVector(sizes, (i) => `var k${i} = vec4f();\nvar v${i} = vec4f();\nvar c${i} = vec4f();\nvar d${i} = vec4f();`)}
if (inside) {
${eachVector(sizes, (i) => `k${i} = key_line(image, key, head, ${i}u) * ${f32(scale)};\nv${i} = value_line(image, key, head, ${i}u);`)}
}
${passingLoop(
  sizes,
  queries,
  { queries: 'query_line', slopes: 'dy_line' },
  extra,
  `var score = ${product(sizes, 'k', 'queries')};
${bias}
let weight = exp(score - highest[j]) * share[j];
let change = weight * (${product(sizes, 'v', 'slopes')} - mean[j]);
${eachVector(sizes, (i) => `c${i} += change * queries[line + ${i}u];\nd${i} += weight * slopes[line + ${i}u];`)}`,
)}
if (inside) {
${features(width, (vector, part, feature) => `write_dk(image, key, head, ${feature}, c${vector}.${part} * ${f32(scale)});\nwrite_dv(image, key, head, ${feature}, d${vector}.${part});`)}
}`;
  const work = 8 * sizeOfTensor(inputs[1]) * queries;
  const groups = groupsOf(sizes, keys);
  return shader.dispatch(`dk dv ${shapeName(node)}`, { groups, threads: BLOCK, body }, work);
}

/** Defines the operands, and hands out what defines `write_<name>` for a gradient. */
function prepare(source: KernelSource, node: NodeOf<'attentionGradient'>) {
  const [dy, ...inputs] = node.inputs;
  const { scale, packed }: AttentionGradientAttributes = node.attributes;
  const [q, k, v] = inputs;
  const names = ['query_line', 'key_line', 'value_line'];
  [q, k, v].forEach((operand, i) => {
    defineLine(source, names[i] ?? '', operand);
  });
  defineLine(source, 'dy_line', dy);
  defineBias(source, inputs);
  const parameters = ['image', 'token', 'head', 'feature'];
  const write = (name: string, part: 0 | 1 | 2): void => {
    const shape = staticShape((part === 0 ? q : k).shape);
    const before = [0, sizeOfTensor(q), sizeOfTensor(q) + sizeOfTensor(k)][part] ?? 0;
    writeFunction(source, node, `write_${name}`, parameters, (block) =>
      packed === true
        ? Element.at(staticShape(node.shape), [
            'image',
            'token',
            u32(part),
            'head',
            'feature',
          ]).number(block)
        : plus(Element.at(shape, parameters).number(block), u32(before)),
    );
  };
  return { inputs, sizes: headSizes(inputs), scale, write };
}

function writeScores(
  source: KernelSource,
  node: NodeOf<'attentionGradient'>,
  [q, k]: AttentionInputs,
): void {
  const parameters = ['image', 'head', 'query', 'key'];
  const before = u32(sizeOfTensor(q) + 2 * sizeOfTensor(k));
  writeFunction(source, node, 'write_score', parameters, (block) =>
    plus(Element.at(staticShape(scoresShape(q, k)), parameters).number(block), before),
  );
}

function writeFunction(
  { shader, storage }: KernelSource,
  node: NodeOf<'attentionGradient'>,
  name: string,
  parameters: readonly string[],
  number: (block: Block) => string,
): void {
  const place = storage.find(node);
  if (place === null) throw new Error('the gradient of attention has no memory');
  const block = new Block();
  const target = shader.element(place, sizeOfTensor(node), 'float32', number(block), block);
  const list = parameters.map((one) => `${one}: u32`).join(', ');
  shader.define(`fn ${name}(${list}, x: f32) {\n${block.text()}\n${target} = x;\n}`);
}

/** Defines `keep_<name>`, or `kept_<name>` to read, for each of the statistics of a query. */
function statisticsFunctions(
  { shader }: KernelSource,
  value: Value,
  { images, heads, queries }: HeadSizes,
  writing: boolean,
): void {
  const shape = [STATISTICS.length, images, heads, queries];
  STATISTICS.forEach((name, index) => {
    const block = new Block();
    const at = Element.at(shape, [u32(index), 'image', 'head', 'query']).number(block);
    const target = shader.element({ value, offset: 0 }, sizeOf(shape), 'float32', at, block);
    shader.define(
      writing
        ? `fn keep_${name}(image: u32, head: u32, query: u32, x: f32) {\n${block.text()}\n${target} = x;\n}`
        : `fn kept_${name}(image: u32, head: u32, query: u32) -> f32 {\n${block.text()}\nreturn ${target};\n}`,
    );
  });
}
