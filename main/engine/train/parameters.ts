import type { OptimiserOptions } from '../../../shared/domain/training.ts';
import * as g from '../graph/operations.ts';
import { GraphError, sizeOf, type NodeOf, type Shape, type Tensor } from '../graph/tensor.ts';

/**
 * Trained tensors live packed in one vector an optimiser group, so that an AdamW step is a dozen operations
 * however many tensors there are, and a checkpoint is a few reads.
 */
export interface PackedTensor {
  readonly name: string;
  readonly shape: Shape;
  readonly offset: number;
  readonly size: number;
}

export interface ParameterGroup {
  readonly name: 'decayed' | 'undecayed';
  readonly tensors: readonly PackedTensor[];
  readonly size: number;
}

/** Weight decay is for matrices: not for biases, norms, re-scaling, the class token and position embeddings. */
function isMatrix(name: string, shape: Shape): boolean {
  return name.includes('.karst_') || (name.endsWith('.weight') && shape.length >= 2);
}

export function parameterGroups(
  trained: ReadonlyMap<string, Shape>,
  decayOn: OptimiserOptions['decayOn'],
): ParameterGroup[] {
  const pack = (
    name: ParameterGroup['name'],
    entries: readonly (readonly [string, Shape])[],
  ): ParameterGroup => {
    let offset = 0;
    const tensors = entries.map(([tensor, shape]) => {
      const packed = { name: tensor, shape, offset, size: sizeOf(shape) };
      offset += packed.size;
      return packed;
    });
    return { name, tensors, size: offset };
  };
  const entries = [...trained];
  const decayed = entries.filter(([name, shape]) => decayOn === 'all' || isMatrix(name, shape));
  const others = entries.filter(([name, shape]) => decayOn !== 'all' && !isMatrix(name, shape));
  return [pack('decayed', decayed), pack('undecayed', others)].filter((group) => group.size > 0);
}

/** The packed vector of a group from tensors by name. */
export function packGroup(
  group: ParameterGroup,
  tensors: ReadonlyMap<string, Float32Array>,
): Float32Array {
  const packed = new Float32Array(group.size);
  for (const { name, offset, size } of group.tensors) {
    const values = tensors.get(name);
    if (values?.length !== size)
      throw new GraphError(`tensor "${name}" is missing or of the wrong size`);
    packed.set(values, offset);
  }
  return packed;
}

/** Views into a group's packed vector, by tensor name. */
export function unpackGroup(
  group: ParameterGroup,
  packed: Float32Array,
): Map<string, Float32Array> {
  return new Map(
    group.tensors.map(({ name, offset, size }) => [name, packed.subarray(offset, offset + size)]),
  );
}

/** Every tensor of a group as a slice of its packed variable. */
export function sliceGroup(group: ParameterGroup, packed: NodeOf<'variable'>): Map<string, Tensor> {
  return new Map(
    group.tensors.map(({ name, shape, offset, size }) => [
      name,
      g.reshape(g.slice(packed, [offset], [size]), shape),
    ]),
  );
}
