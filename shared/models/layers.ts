import * as v from 'valibot';
import type { Initialiser, LinearSpec, TensorRole, TensorSpec } from './spec.ts';

/** The tensors of the layers that families are built from, and the limits that their fields share. */

const ZERO: Initialiser = { kind: 'constant', value: 0 };
const ONE: Initialiser = { kind: 'constant', value: 1 };
/** timm's initialisation of matrices and embeddings. */
const DRAWN: Initialiser = { kind: 'truncated-normal', deviation: 0.02 };

export const whole = (min: number, max: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));

/** Fields of every family. */
export const commonFields = {
  imageSize: whole(1, 8192),
  patchSize: whole(1, 1024),
  width: whole(1, 65_536),
  qkvBias: v.boolean(),
  classes: whole(0, 1_000_000),
  layerNormEpsilon: v.pipe(v.number(), v.gtValue(0), v.maxValue(1)),
};

export function tensor(
  name: string,
  shape: readonly number[],
  role: TensorRole,
  init: Initialiser = role === 'bias' ? ZERO : DRAWN,
): TensorSpec {
  return { name, shape, role, init };
}

export function norm(path: string, width: number): TensorSpec[] {
  return [
    tensor(`${path}.weight`, [width], 'norm', ONE),
    tensor(`${path}.bias`, [width], 'norm-bias', ZERO),
  ];
}

/** The linear layer `name` of a block; it is of the kind `name` unless another is given. */
export function linear(
  block: string,
  name: string,
  [inner, out]: readonly [inner: number, out: number],
  {
    kind = name as LinearSpec['kind'],
    parts = 1,
    bias = true,
  }: Partial<Pick<LinearSpec, 'kind' | 'parts' | 'bias'>> = {},
): LinearSpec {
  return { path: `${block}.${name}`, kind, in: inner, out, parts, bias };
}

/** Of a linear layer that methods can change. */
export function linearTensors({ path, in: inner, out, parts, bias }: LinearSpec): TensorSpec[] {
  const weight: TensorSpec = { ...tensor(`${path}.weight`, [out, inner], 'matrix'), parts };
  return bias ? [weight, tensor(`${path}.bias`, [out], 'bias')] : [weight];
}

/** Of a linear layer outside the blocks, which no method changes. */
export function fixedLinear(
  path: string,
  [inner, out]: readonly [inner: number, out: number],
  bias = true,
): TensorSpec[] {
  const weight = tensor(`${path}.weight`, [out, inner], 'matrix');
  return bias ? [weight, tensor(`${path}.bias`, [out], 'bias')] : [weight];
}
