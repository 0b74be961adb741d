import { ADD } from './ops/add.ts';
import { ADD_KRONECKER } from './ops/add-kronecker.ts';
import { ATTENTION } from './ops/attention.ts';
import { ATTENTION_GRADIENT } from './ops/attention-gradient.ts';
import { BROADCAST_TO } from './ops/broadcast-to.ts';
import { CAST } from './ops/cast.ts';
import { CONCAT } from './ops/concat.ts';
import { CONSTANT } from './ops/constant.ts';
import { DIV } from './ops/div.ts';
import { ERF } from './ops/erf.ts';
import { EXP } from './ops/exp.ts';
import { GATHER } from './ops/gather.ts';
import { GATHER_GRADIENT } from './ops/gather-gradient.ts';
import { GELU } from './ops/gelu.ts';
import { GELU_GRADIENT } from './ops/gelu-gradient.ts';
import { CUSTOM_VJP } from './ops/custom-vjp.ts';
import { GREATER_EQUAL } from './ops/greater-equal.ts';
import { INPUT } from './ops/input.ts';
import { KRONECKER_GRADIENT } from './ops/kronecker-gradient.ts';
import { LAYER_NORM } from './ops/layer-norm.ts';
import { LAYER_NORM_GRADIENT } from './ops/layer-norm-gradient.ts';
import { LOG } from './ops/log.ts';
import { LOG_SOFTMAX } from './ops/log-softmax.ts';
import { MATMUL } from './ops/matmul.ts';
import { MAX } from './ops/max.ts';
import { MAXIMUM } from './ops/maximum.ts';
import { MINIMUM } from './ops/minimum.ts';
import { MIX } from './ops/mix.ts';
import { MIX_GRADIENT } from './ops/mix-gradient.ts';
import { MUL } from './ops/mul.ts';
import { NEG } from './ops/neg.ts';
import { PACKED_ATTENTION } from './ops/packed-attention.ts';
import { PACKED_ATTENTION_GRADIENT } from './ops/packed-attention-gradient.ts';
import { PAD } from './ops/pad.ts';
import { REMAT } from './ops/remat.ts';
import { RESHAPE } from './ops/reshape.ts';
import { RSQRT } from './ops/rsqrt.ts';
import { SELECT } from './ops/select.ts';
import { SIGMOID } from './ops/sigmoid.ts';
import { SLICE } from './ops/slice.ts';
import { SOFTMAX } from './ops/softmax.ts';
import { SQRT } from './ops/sqrt.ts';
import { STOP_GRADIENT } from './ops/stop-gradient.ts';
import { SUB } from './ops/sub.ts';
import { SUM } from './ops/sum.ts';
import { TANH } from './ops/tanh.ts';
import { TRANSPOSE } from './ops/transpose.ts';
import { VARIABLE } from './ops/variable.ts';
import type { Operation } from './operation.ts';
import { GraphError } from './graph-error.ts';
import type { Node, Tensor } from './tensor.ts';

/** All operations of the language, by name. */
export const OPERATIONS = {
  input: INPUT,
  variable: VARIABLE,
  constant: CONSTANT,
  add: ADD,
  sub: SUB,
  mul: MUL,
  div: DIV,
  maximum: MAXIMUM,
  minimum: MINIMUM,
  greaterEqual: GREATER_EQUAL,
  select: SELECT,
  neg: NEG,
  exp: EXP,
  log: LOG,
  sqrt: SQRT,
  rsqrt: RSQRT,
  erf: ERF,
  tanh: TANH,
  sigmoid: SIGMOID,
  gelu: GELU,
  geluGradient: GELU_GRADIENT,
  softmax: SOFTMAX,
  logSoftmax: LOG_SOFTMAX,
  layerNorm: LAYER_NORM,
  layerNormGradient: LAYER_NORM_GRADIENT,
  matmul: MATMUL,
  sum: SUM,
  max: MAX,
  reshape: RESHAPE,
  transpose: TRANSPOSE,
  broadcastTo: BROADCAST_TO,
  slice: SLICE,
  pad: PAD,
  concat: CONCAT,
  gather: GATHER,
  gatherGradient: GATHER_GRADIENT,
  cast: CAST,
  stopGradient: STOP_GRADIENT,
  customVjp: CUSTOM_VJP,
  remat: REMAT,
  packedAttention: PACKED_ATTENTION,
  packedAttentionGradient: PACKED_ATTENTION_GRADIENT,
  attention: ATTENTION,
  attentionGradient: ATTENTION_GRADIENT,
  addKronecker: ADD_KRONECKER,
  kroneckerGradient: KRONECKER_GRADIENT,
  mix: MIX,
  mixGradient: MIX_GRADIENT,
} as const;

export type OpName = keyof typeof OPERATIONS;

type NodeOfOperation<O> =
  O extends Operation<infer Name, infer A, infer I> ? Node<Name, A, I> : never;

export type NodeOf<K extends OpName> = NodeOfOperation<(typeof OPERATIONS)[K]>;

/** A node of any operation, discriminated by `op`. */
export type AnyNode = { [K in OpName]: NodeOf<K> }[OpName];

/** The operation of a node whose type is not known statically. */
type Any = Operation<string, object, readonly Tensor[]>;

/** @throws GraphError for a node of an unknown operation */
export function known(node: Tensor): AnyNode {
  if (!Object.hasOwn(OPERATIONS, node.op)) throw new GraphError(`no operation "${node.op}"`);
  return node as AnyNode;
}

export function operationOf(node: Tensor): Any {
  return OPERATIONS[known(node).op] as unknown as Any;
}

export function isNode<K extends OpName>(node: Tensor, op: K): node is NodeOf<K> {
  return node.op === op;
}
