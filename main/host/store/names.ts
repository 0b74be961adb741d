import { randomInt } from 'node:crypto';
import { KarstError } from '../../../shared/domain/errors.ts';
import { NOT_BINNED } from './bin.ts';
import type { Library, Row } from './library.ts';

/** Kinds of named items: table, id prefix, and a condition on visible rows. */
const KINDS = {
  project: { table: 'projects', prefix: 'pr', word: 'project', there: '1' },
  backbone: { table: 'backbones', prefix: 'bb', word: 'backbone', there: '1' },
  dataset: { table: 'datasets', prefix: 'ds', word: 'dataset', there: NOT_BINNED },
  run: { table: 'runs', prefix: 'run', word: 'run', there: NOT_BINNED },
  adapter: { table: 'adapters', prefix: 'ad', word: 'adapter', there: NOT_BINNED },
} as const;
export type NamedKind = keyof typeof KINDS;

const PREFIXES = {
  note: 'nt',
  evaluation: 'ev',
  merge: 'mg',
  export: 'ex',
  work: 'job',
  task: 'task',
} as const;

/** Crockford's base 32 without vowels: no ambiguous characters, no words. */
const DIGITS = '0123456789bcdfghjkmnpqrstvwxyz';
const LENGTH = 6;

/** A new id, such as `ds-4k7x2q`: the prefix of its kind and six random digits (7 × 10⁸ of a kind). */
export function newId(kind: NamedKind | keyof typeof PREFIXES): string {
  const prefix = kind in KINDS ? KINDS[kind as NamedKind].prefix : PREFIXES[kind as 'merge'];
  const digits = Array.from({ length: LENGTH }, () => DIGITS.charAt(randomInt(DIGITS.length)));
  return `${prefix}-${digits.join('')}`;
}

/** Number of single-character edits between two words (Levenshtein), at most `limit` + 1. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(
        row[j]! + 1,
        next[j - 1]! + 1,
        row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
    row = next;
  }
  return row[b.length]!;
}

/** The best few of `candidates` for a mistyped `word`. */
export function nearNames(word: string, candidates: readonly string[]): string[] {
  const wanted = word.toLowerCase();
  const limit = Math.max(2, Math.floor(word.length / 3));
  return candidates
    .map((name) => {
      const lower = name.toLowerCase();
      const apart =
        lower.startsWith(wanted) || wanted.startsWith(lower) ? 1 : distance(wanted, lower, limit);
      return { name, apart };
    })
    .filter(({ apart }) => apart <= limit)
    .sort((a, b) => a.apart - b.apart || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
    .map(({ name }) => name);
}

/**
 * The row of an item by id or name.
 * @param condition further SQL that the row must meet
 * @throws not-found suggesting similar names
 */
export function findRow(
  library: Library,
  kind: NamedKind,
  nameOrId: string,
  condition = '1',
  columns = '*',
): Row {
  const { table, word, there } = KINDS[kind];
  const row = library.get(
    `SELECT ${columns} FROM ${table} WHERE (id = @key OR name = @key) AND ${there} AND ${condition}
     ORDER BY id = @key DESC LIMIT 1`,
    { key: nameOrId.normalize('NFC') },
  );
  if (row !== undefined) return row;
  const names = library
    .all(`SELECT name FROM ${table} WHERE ${there} AND ${condition} ORDER BY name`)
    .map((r) => String(r['name']));
  const near = nearNames(nameOrId, names);
  const list = names
    .slice(0, 10)
    .map((n) => `"${n}"`)
    .join(', ');
  throw new KarstError('not-found', `There is no ${word} "${nameOrId}" in the library.`, {
    hint:
      near.length > 0
        ? `Did you mean ${near.map((n) => `"${n}"`).join(' or ')}?`
        : names.length === 0
          ? `The library has no ${word} yet.`
          : `There ${names.length === 1 ? 'is' : 'are'} ${list}${names.length > 10 ? ', …' : ''}.`,
  });
}

/** Names are for people and for file names made from them: visible, at most 100 characters, no path separators. */
export function checkName(kind: NamedKind, name: string): string {
  const { word } = KINDS[kind];
  const tidy = name.trim().normalize('NFC');
  const refuse = (why: string): KarstError =>
    new KarstError('usage', `"${name}" cannot be the name of a ${word}: ${why}.`, {
      hint: 'Choose another name.',
    });
  if (tidy === '') throw refuse('it is empty');
  if (tidy.length > 100) throw refuse('it is longer than 100 characters');
  if (/[\p{Cc}\p{Cf}/\\]/u.test(tidy)) throw refuse('it contains a control character, / or \\');
  if (tidy.startsWith('-') || tidy.startsWith('.')) throw refuse('it begins with - or .');
  return tidy;
}

/** @throws name-taken */
export function requireFreeName(library: Library, kind: NamedKind, name: string): void {
  const { table, word } = KINDS[kind];
  const row = library.get(`SELECT id FROM ${table} WHERE name = @name OR id = @name`, { name });
  if (row !== undefined)
    throw new KarstError(
      'name-taken',
      `The library already has a ${word} "${name}" (${String(row['id'])}).`,
      { hint: `Choose another name, or remove the other ${word} first.` },
    );
}

/** `wanted`, or `wanted-2`, `wanted-3`… whichever is free. */
export function freeName(library: Library, kind: NamedKind, wanted: string): string {
  const { table } = KINDS[kind];
  for (let i = 1; ; i++) {
    const name = i === 1 ? wanted : `${wanted.slice(0, 94)}-${i}`;
    if (
      library.get(`SELECT 1 AS n FROM ${table} WHERE name = @name OR id = @name`, { name }) ===
      undefined
    )
      return name;
  }
}
