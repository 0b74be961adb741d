import { KarstError } from '../../../shared/domain/errors.ts';
import { familyOf, type Architecture } from '../../../shared/models/registry.ts';
import { sizeOfShape, type TensorSpec } from '../../../shared/models/spec.ts';
import { numbered, numberless, type Row, type Stored } from './name-table.ts';
import type { CheckpointSource } from './source.ts';
import { SOURCES } from './sources/registry.ts';

/** A tensor as a library's file holds it, made of a canonical one. */
export interface StoredTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** The canonical tensor. */
  readonly from: string;
  readonly values: (canonical: Float32Array) => Float32Array;
}

/** Whose names a file is to have. */
export type StoredNames =
  | { readonly kind: 'timm' }
  /** timm's Eva: its attention with a bias of q and of v, of the three in one, or with three layers. */
  | { readonly kind: 'timm-eva'; readonly form: 'separate-bias' | 'fused' | 'split' }
  | { readonly kind: 'huggingface'; readonly model: string };

export interface StoredOptions {
  /** Prefix of the network below the heads, as in a class for classification; default true. */
  readonly tower?: boolean;
  /** Whether k may have a bias where q, k and v have one each; without, its zeros are left out. */
  readonly keyBias?: boolean;
}

/**
 * A network's tensors, its own head included, under the names and in the layouts of a library: the
 * tables by which its files are read, the other way round.
 * @throws not-available when the library has no place for a tensor
 */
export function storedTensors(
  names: StoredNames,
  architecture: Architecture,
  { tower = true, keyBias = true }: StoredOptions = {},
): StoredTensor[] {
  const specs = familyOf(architecture).tensors(architecture, architecture.classes);
  const source = SOURCES.find((one) => writes(one, names, architecture));
  const tables = [
    { before: tower ? (source?.tower ?? '') : '', rows: byName(source?.rows ?? []) },
    { before: '', rows: byName(source?.outer ?? []) },
  ];
  return specs.flatMap((spec) => {
    const { template, numbers } = numberless(spec.name);
    const table = tables.find(({ rows }) => rows.has(template));
    const row = table?.rows.get(template);
    const found = row === undefined ? null : split(row, spec, keyBias);
    if (table === undefined || row === undefined || found === null)
      throw new KarstError(
        'not-available',
        `Files of ${names.kind === 'huggingface' ? `Hugging Face's ${names.model}` : 'timm'} have no place for ${spec.name}.`,
      );
    return found.map(({ stored, shape, values }) => ({
      name: table.before + numbered(stored.from, numbers, -(row.shift ?? 0)),
      ...{ shape, from: spec.name, values },
    }));
  });
}

function byName(rows: readonly Row[]): ReadonlyMap<string, Row> {
  return new Map(rows.map((row) => [row.name, row]));
}

function writes(source: CheckpointSource, names: StoredNames, a: Architecture): boolean {
  const { kind, family, writes: { mlp, pool, form } = {} } = source;
  if (kind !== names.kind || family !== a.family) return false;
  if (names.kind === 'huggingface' && source.model !== names.model) return false;
  if (names.kind === 'timm-eva' && form !== names.form) return false;
  if (a.family !== 'vit') return form !== 'former';
  return (mlp === undefined || mlp === a.mlp) && (pool === undefined || pool === a.pool);
}

interface Piece {
  readonly stored: Stored;
  readonly shape: readonly number[];
  readonly values: (canonical: Float32Array) => Float32Array;
}

/** The stored tensors of a row; null when its layout is only read. */
function split(
  { stored: all, combine }: Row,
  { name, shape }: Pick<TensorSpec, 'name' | 'shape'>,
  keyBias: boolean,
): Piece[] | null {
  const [first] = all;
  if (first === undefined) return null;
  // The row of the class token among the positions is written as zeros, with the positions.
  if (combine === 'added') return [{ stored: first, shape, values: (values) => values }];
  if (all.length === 1) {
    const laid = laidOut(first, shape);
    return laid === null ? null : [{ stored: first, ...laid }];
  }
  if (all.some(({ layout }) => layout !== 'as-stored')) return null;
  const pieces = combine === 'averaged' ? halves(all, shape) : stacked(all, shape);
  const withoutKey = !keyBias && all.length === 3 && name.endsWith('.bias');
  return withoutKey ? pieces.filter((_, part) => part !== 1) : pieces;
}

function laidOut(
  { layout }: Stored,
  shape: readonly number[],
): Pick<Piece, 'shape' | 'values'> | null {
  const same = (values: Float32Array): Float32Array => values;
  const [, count = 0, width = 0] = shape;
  if (layout === 'as-stored') return { shape, values: same };
  if (layout === 'tokens') return { shape: count === 1 ? [width] : [count, width], values: same };
  if (layout !== 'other-positions') return null;
  return {
    shape: [1, 1 + count, width],
    values: (values) => {
      const table = new Float32Array(values.length + width);
      table.set(values, width);
      return table;
    },
  };
}

/** Equal parts, one below the other. */
function stacked(all: readonly Stored[], shape: readonly number[]): Piece[] {
  const size = sizeOfShape(shape) / all.length;
  return all.map((stored, part) => ({
    stored,
    shape: [(shape[0] ?? 0) / all.length, ...shape.slice(1)],
    values: (values) => values.slice(part * size, (part + 1) * size),
  }));
}

/** Heads whose outputs are averaged: each has its columns doubled, and both have the bias. */
function halves(all: readonly Stored[], shape: readonly number[]): Piece[] {
  const [rows = 0, columns] = shape;
  if (columns === undefined)
    return all.map((stored) => ({ stored, shape, values: (values) => values }));
  const width = columns / all.length;
  return all.map((stored, part) => ({
    stored,
    shape: [rows, width],
    values: (values) =>
      Float32Array.from({ length: rows * width }, (_, i) => {
        const [row, column] = [Math.floor(i / width), i % width];
        return all.length * (values[row * columns + part * width + column] ?? 0);
      }),
  }));
}
