import type { OptimizerOptions } from '../../../shared/domain/training.ts';
import type { TensorSpec } from '../../../shared/models/spec.ts';
import * as g from '../../graph/operations.ts';
import type { Variable } from '../../graph/ops/variable.ts';
import { GraphError } from '../../graph/graph-error.ts';
import { sizeOf, type Tensor } from '../../graph/tensor.ts';

/**
 * Trained tensors are packed in one vector per optimizer group, so that a step is a few operations
 * and a checkpoint a few reads, whatever the number of tensors.
 */
export interface PackedTensor extends TensorSpec {
  readonly offset: number;
  readonly size: number;
}

export interface ParameterGroup {
  /** `orthogonal`: the matrices that Muon trains; the others are AdamW's. */
  readonly name: 'decayed' | 'undecayed' | 'muon';
  readonly tensors: readonly PackedTensor[];
  readonly size: number;
}

/**
 * Weight decay applies to matrices, the head's included, not to biases, norms, scales and
 * embeddings.
 */
function isMatrix({ role, shape }: TensorSpec): boolean {
  return role === 'matrix' || (role === 'head' && shape.length >= 2);
}

/** The matrix that Muon orthogonalises: each one of a stack, such as the three of a fused qkv. */
export function orthogonalPiece({ shape, parts = 1 }: Pick<TensorSpec, 'shape' | 'parts'>): {
  rows: number;
  columns: number;
} {
  const [rows = 0, columns = 0] = shape;
  return { rows: rows / parts, columns };
}

/**
 * Orders pieces of equal shape next to each other, so that they form one stack in the packed
 * vector.
 */
function byPiece(tensors: readonly TensorSpec[]): TensorSpec[] {
  const groups = Map.groupBy(tensors, (tensor) => {
    const { rows, columns } = orthogonalPiece(tensor);
    return `${String(rows)}×${String(columns)}`;
  });
  return [...groups.values()].flat();
}

export function parameterGroups(
  trained: readonly TensorSpec[],
  decayOn: OptimizerOptions['decayOn'],
  optimizer: OptimizerOptions['name'] = 'adamw',
): ParameterGroup[] {
  const pack = (name: ParameterGroup['name'], entries: readonly TensorSpec[]): ParameterGroup => {
    let offset = 0;
    const tensors = entries.map((tensor): PackedTensor => {
      const size = sizeOf(tensor.shape);
      offset += size;
      return { ...tensor, offset: offset - size, size };
    });
    return { name, tensors, size: offset };
  };
  const forMuon = ({ parts }: TensorSpec): boolean => optimizer === 'muon' && parts !== undefined;
  const isDecayed = (tensor: TensorSpec): boolean => decayOn === 'all' || isMatrix(tensor);
  const others = trained.filter((tensor) => !forMuon(tensor));
  return [
    pack('decayed', others.filter(isDecayed)),
    pack(
      'undecayed',
      others.filter((tensor) => !isDecayed(tensor)),
    ),
    pack('muon', byPiece(trained.filter(forMuon))),
  ].filter((group) => group.size > 0);
}

/** The packed vector of a group from tensors by name, written into `packed`. */
export function packGroup(
  group: ParameterGroup,
  tensors: ReadonlyMap<string, Float32Array>,
  packed: Float32Array = new Float32Array(group.size),
): Float32Array {
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
export function sliceGroup(group: ParameterGroup, packed: Variable): Map<string, Tensor> {
  return new Map(
    group.tensors.map(({ name, shape, offset, size }) => [
      name,
      g.reshape(g.slice(packed, [offset], [size]), shape),
    ]),
  );
}
