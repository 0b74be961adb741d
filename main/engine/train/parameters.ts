import { type OptimiserOptions } from '../../../shared/domain/training.ts';
import { TARGET_MODULES } from '../../../shared/methods/target-modules.ts';
import * as g from '../../graph/operations.ts';
import type { Variable } from '../../graph/ops/variable.ts';
import { updatableValues } from '../../graph/program.ts';
import { GraphError, sizeOf, type Shape, type Tensor } from '../../graph/tensor.ts';

/**
 * Trained tensors live packed in one vector an optimiser group, so that an optimiser's step is a few operations
 * however many tensors there are, and a checkpoint is a few reads.
 */
export interface PackedTensor {
  readonly name: string;
  readonly shape: Shape;
  readonly offset: number;
  readonly size: number;
}

export interface ParameterGroup {
  /** `orthogonal`: the matrices that Muon trains; the others are AdamW's. */
  readonly name: 'decayed' | 'undecayed' | 'orthogonal';
  readonly tensors: readonly PackedTensor[];
  readonly size: number;
}

/** Weight decay is for matrices: not for biases, norms, re-scaling, the class token and position embeddings. */
function isMatrix(name: string, shape: Shape): boolean {
  return name.includes('.karst_') || (name.endsWith('.weight') && shape.length >= 2);
}

const BLOCK_MATRIX = new RegExp(
  `^blocks\\.\\d+\\.(?:${TARGET_MODULES.map((m) => m.replace('.', '\\.')).join('|')})\\.weight$`,
);
const isBlockMatrix = (name: string): boolean => BLOCK_MATRIX.test(name);

/** The matrix that Muon takes for one: of the fused qkv, each of its three parts. */
export function orthogonalPiece(name: string, shape: Shape): { rows: number; columns: number } {
  const [rows = 0, columns = 0] = shape;
  return { rows: name.endsWith('.attn.qkv.weight') ? rows / 3 : rows, columns };
}

/** Equal pieces side by side, so that they are one stack of matrices in the packed vector. */
function byPiece(entries: readonly (readonly [string, Shape])[]): (readonly [string, Shape])[] {
  const groups = Map.groupBy(entries, ([name, shape]) => {
    const { rows, columns } = orthogonalPiece(name, shape);
    return `${String(rows)}×${String(columns)}`;
  });
  return [...groups.values()].flat();
}

export function parameterGroups(
  trained: ReadonlyMap<string, Shape>,
  decayOn: OptimiserOptions['decayOn'],
  optimiser: OptimiserOptions['name'] = 'adamw',
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
  const forMuon = ([name]: readonly [string, Shape]): boolean =>
    optimiser === 'muon' && isBlockMatrix(name);
  const entries = [...trained].filter((entry) => !forMuon(entry));
  const decayed = entries.filter(([name, shape]) => decayOn === 'all' || isMatrix(name, shape));
  const others = entries.filter(([name, shape]) => decayOn !== 'all' && !isMatrix(name, shape));
  return [
    pack('decayed', decayed),
    pack('undecayed', others),
    pack('orthogonal', byPiece([...trained].filter(forMuon))),
  ].filter((group) => group.size > 0);
}

/** The packed vector of a group from tensors by name. */
export function packGroup(
  group: ParameterGroup,
  tensors: ReadonlyMap<string, Float32Array>,
): Float32Array {
  const packed = updatableValues(group.size);
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
