import { KarstError } from '../../../shared/domain/errors.ts';
import { combinedShape, type Assembly, type Part, type StoredPart } from './assembly.ts';
import { refuse, type TensorTable } from './family.ts';
import { LAYOUTS } from './layouts.ts';
import { numbered, numberless, type Row } from './name-table.ts';
import { foreignModel, unknownModel } from './refusals.ts';
import type { SourceKind } from '../../../shared/domain/backbone.ts';
import type { CheckpointSource } from './source.ts';
import { SOURCES } from './sources/registry.ts';

const SEVERAL = 4;
/** A tower of open_clip that is a network of timm. */
const TIMM_TOWER = 'visual.trunk.';

/** A file's tensors under canonical names, and how each is put together. */
export interface Translation {
  readonly kind: SourceKind;
  readonly source: CheckpointSource;
  /** What stands before every name, such as `module.backbone.`. */
  readonly prefix: string;
  readonly tensors: ReadonlyMap<string, Assembly>;
  /** What the file calls a canonical tensor, without the prefix; also one that it does not have. */
  readonly called: (name: string) => string;
}

/** Where a source's network lies in a file. */
interface Place {
  readonly source: CheckpointSource;
  /** Before the names of the network. */
  readonly inner: string;
  /** Before the names of heads and other towers beside it. */
  readonly outer: string;
}

/**
 * Finds out which library's names a file has and puts its tensors under the canonical ones.
 * Wrappers in training code leave prefixes before every name (`module.`, `_orig_mod.`, `backbone.`,
 * also several); they come off here for all readers.
 * @throws format-unknown, format-unsupported, file-damaged with a sentence that names the tensor
 */
export function translateNames(path: string, raw: TensorTable): Translation {
  const names = [...raw.keys()];
  const place = placeOf(path, names);
  if (place === null) throw unknownModel(path, names);
  const { source, inner, outer } = place;
  const found = new Map<string, Piece[]>();
  const tables = [
    { before: inner, index: indexed(source.rows) },
    { before: outer, index: indexed(source.outer ?? []) },
  ];
  for (const name of names) {
    const filed = tables.some(
      ({ before, index }) => name.startsWith(before) && file(name, before, index, found),
    );
    if (!filed && !isIgnored(name, place)) throw stranger(path, names, name, place);
  }
  const tensors = new Map<string, Assembly>();
  for (const [canonical, pieces] of found)
    for (const [name, assembly] of assembled(path, canonical, pieces, raw))
      tensors.set(name, assembly);
  const trunk = source.kind.startsWith('timm') && inner.endsWith(TIMM_TOWER);
  return {
    kind: trunk ? 'open_clip' : source.kind,
    source,
    prefix: names.every((name) => name.startsWith(inner)) ? inner : outer,
    tensors,
    called: (name) => storedName(source, name),
  };
}

function storedName({ rows, outer = [] }: CheckpointSource, canonical: string): string {
  const { template, numbers } = numberless(canonical);
  const row = [...rows, ...outer].find(({ name }) => name === template);
  const from = row?.stored[0]?.from;
  if (row === undefined || from === undefined) return canonical;
  return numbered(from, numbers, -(row.shift ?? 0));
}

/** A stored tensor that a row of the table speaks of. */
interface Piece {
  readonly row: Row;
  readonly part: number;
  readonly name: string;
  /** What stands before the name of the row. */
  readonly before: string;
  readonly numbers: readonly number[];
}

type Index = ReadonlyMap<string, readonly { readonly row: Row; readonly part: number }[]>;

function indexed(rows: readonly Row[]): Index {
  const index = new Map<string, { row: Row; part: number }[]>();
  for (const row of rows)
    row.stored.forEach(({ from }, part) => {
      index.set(from, [...(index.get(from) ?? []), { row, part }]);
    });
  return index;
}

/** Files a stored tensor with the canonical ones that it belongs to. @returns whether there are any */
function file(name: string, before: string, index: Index, found: Map<string, Piece[]>): boolean {
  const { template, numbers } = numberless(name.slice(before.length));
  const entries = index.get(template) ?? [];
  for (const { row, part } of entries) {
    const canonical = row.blocks ? row.name : numbered(row.name, numbers, row.shift);
    const piece = { row, part, name, before, numbers };
    found.set(canonical, [...(found.get(canonical) ?? []), piece]);
  }
  return entries.length > 0;
}

function isIgnored(name: string, { source, inner, outer }: Place): boolean {
  return [inner, outer].some(
    (before) =>
      name.startsWith(before) &&
      (source.ignored ?? []).some((pattern) => pattern.test(name.slice(before.length))),
  );
}

function* assembled(
  path: string,
  canonical: string,
  pieces: readonly Piece[],
  raw: TensorTable,
): Generator<[string, Assembly]> {
  const [first] = pieces;
  if (first === undefined) return;
  const { row, before, numbers } = first;
  const shapeOf = (name: string): readonly number[] => raw.get(name)?.shape ?? [];
  const blocks = row.blocks ? (shapeOf(first.name)[0] ?? 0) : 0;
  const given = row.stored.map((_, part) => pieces.find((piece) => piece.part === part)?.name);
  const missing = row.stored.findIndex(({ optional }, i) => !optional && given[i] === undefined);
  if (missing >= 0)
    throw refuse(
      'file-damaged',
      path,
      `the tensor ${first.name.slice(before.length)} is there, but ${numbered(row.stored[missing]?.from ?? '', numbers)} is missing.`,
      'Use a fresh copy of the backbone.',
    );
  for (const block of row.blocks ? Array.from({ length: blocks }, (_, i) => i) : [undefined]) {
    const parts = row.stored.map((stored, i): StoredPart | null => {
      const name = given[i];
      if (name === undefined) return null;
      const whole = shapeOf(name);
      const shape = LAYOUTS[stored.layout].shape(block === undefined ? whole : whole.slice(1));
      if (shape === null) throw wrongShape(path, name.slice(before.length), whole);
      return {
        from: name,
        layout: stored.layout,
        shape,
        ...(block === undefined ? {} : { block }),
      };
    });
    const known = parts.find((part) => part !== null)?.shape ?? [];
    const whole: Part[] = parts.map((part) => part ?? { zeros: known });
    const shape = combinedShape(
      parts.map((part) => part?.shape ?? known),
      row.combine,
    );
    if (shape === null)
      throw wrongShape(path, first.name.slice(before.length), shapeOf(first.name));
    yield [
      block === undefined ? canonical : canonical.replace('#', String(block)),
      { parts: whole, combine: row.combine, shape, dtype: raw.get(first.name)?.dtype ?? 'F32' },
    ];
  }
}

function wrongShape(path: string, name: string, shape: readonly number[]): KarstError {
  return refuse(
    'format-unsupported',
    path,
    `the tensor ${name} has the shape (${shape.join(', ')}), which does not fit the others.`,
  );
}

/** @returns null when no source's names are in the file. @throws format-unsupported for several models */
function placeOf(path: string, names: readonly string[]): Place | null {
  const all = new Set(names);
  for (const source of SOURCES) {
    const [anchor = '', ...others] = source.signature;
    const places = names
      .filter(
        (name) => name === anchor || name.endsWith(`.${anchor}`) || name.endsWith(`/${anchor}`),
      )
      .map((name) => placed(source, name.slice(0, name.length - anchor.length)))
      .filter(
        ({ inner, outer }) =>
          others.every((other) => all.has(inner + other)) &&
          !(source.without ?? []).some((other) => all.has(inner + other)) &&
          (source.beside ?? []).every((other) => all.has(outer + other)),
      );
    if (places.length > 1)
      throw severalModels(
        path,
        `it holds several models, whose tensor names begin with ${listed(places.map(({ inner }) => inner))}`,
      );
    if (places[0] !== undefined) return places[0];
  }
  return null;
}

function placed(source: CheckpointSource, inner: string): Place {
  const towers = [source.tower ?? '', ...(source.kind.startsWith('timm') ? [TIMM_TOWER] : [])];
  const tower = towers.find((one) => one !== '' && inner.endsWith(one)) ?? '';
  return { source, inner, outer: inner.slice(0, inner.length - tower.length) };
}

function stranger(
  path: string,
  names: readonly string[],
  name: string,
  { source, inner }: Place,
): KarstError {
  if (inner !== '' && !name.startsWith(inner) && foreignModel(path, names) === null) {
    const others = names.filter((other) => !other.startsWith(inner));
    return severalModels(
      path,
      `its vision transformer's tensor names begin with "${inner}", but there are others: ${others.slice(0, SEVERAL).join(', ')}${others.length > SEVERAL ? ` and ${others.length - SEVERAL} more` : ''}`,
    );
  }
  return (
    foreignModel(path, names) ??
    refuse(
      'format-unsupported',
      path,
      `the tensor ${name.slice(inner.length)} does not belong to a ${TITLES[source.family]} in the names of ${LIBRARIES[source.kind]}.`,
    )
  );
}

const TITLES = { vit: 'vision transformer', swin: 'Swin transformer' } as const;
const LIBRARIES = {
  timm: 'timm',
  'timm-eva': 'timm',
  huggingface: 'Hugging Face',
  open_clip: 'open_clip',
  original: 'its authors',
  npz: 'Google',
} as const satisfies Record<SourceKind, string>;

function listed(prefixes: readonly string[]): string {
  const shown = prefixes.slice(0, SEVERAL).map((p) => (p === '' ? 'no prefix' : `"${p}"`));
  return `${shown.join(', ')}${prefixes.length > SEVERAL ? ` and ${prefixes.length - SEVERAL} more` : ''}`;
}

function severalModels(path: string, why: string): KarstError {
  return new KarstError('format-unsupported', `${path}: ${why}.`, {
    hint: "Choose a file that holds one model, such as the model.safetensors of a model's page on the Hugging Face hub.",
    path,
  });
}
