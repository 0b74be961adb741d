import type { AdapterFilter } from '../../../shared/contract/window/adapters.ts';
import { NOT_BINNED } from './bin.ts';
import type { Library, Parameters, Row } from './library.ts';
import { number, text } from './rows.ts';

/** Limit of words in a search; further ones are ignored. */
const WORDS = 32;

/**
 * Each order is that of an index, so that a page is found without sorting. Adapters without an
 * accuracy come last.
 */
const ORDERS: Record<AdapterFilter['sort'], string> = {
  newest: 'created_at DESC, id DESC',
  name: 'name COLLATE NOCASE, id',
  top1: 'top1 DESC, id DESC',
  bytes: 'bytes DESC, id DESC',
};

/** Normalised text: ignores case, width and composition of characters. */
function folded(words: string): string {
  return words.normalize('NFKC').toLowerCase();
}

interface Query {
  /** Condition on the rows of `adapters`, or of `adapter_search` when there are words. */
  readonly where: string;
  /** Whether the search has words. */
  readonly searches: boolean;
  readonly parameters: Parameters;
}

function queryOf({ search, tags, method, backboneId }: AdapterFilter): Query {
  const conditions = [NOT_BINNED];
  const parameters: Record<string, string> = {};
  const words = [...new Set(folded(search).split(/\s+/))].filter((w) => w !== '').slice(0, WORDS);
  const searches = words.length > 0;
  words.forEach((word, i) => {
    conditions.push(fitting(i));
    parameters[`word${i}`] = word;
  });
  [...new Set(tags)].forEach((tag, i) => {
    conditions.push(`+id IN (SELECT adapter_id FROM tags WHERE tag = @tag${i})`);
    parameters[`tag${i}`] = tag;
  });
  const be = (condition: string): void => {
    conditions.push(searches ? `id IN (SELECT id FROM adapters WHERE ${condition})` : condition);
  };
  if (method !== null) {
    be('method = @method');
    parameters['method'] = method;
  }
  if (backboneId !== null) {
    be('backbone_id = @backboneId');
    parameters['backboneId'] = backboneId;
  }
  return { where: conditions.join(' AND '), searches, parameters };
}

/** Condition on a row of `adapter_search`: the word is in its own or in its shared text. */
function fitting(word: number): string {
  const has = `instr(text, @word${word}) > 0`;
  return `(shared_id IN (SELECT id FROM search_texts WHERE ${has}) OR ${has})`;
}

/**
 * The text to search. Materialised, so that each text is searched once for both the page and its
 * `total`.
 */
const SEARCHED = '(SELECT adapter_id AS id, text, shared_id FROM adapter_search)';

/** The statement that finds a page, each row with the `total`; for `EXPLAIN QUERY PLAN` in tests, too. */
export function pageStatement(filter: AdapterFilter): { sql: string; parameters: Parameters } {
  const { where, searches, parameters } = queryOf(filter);
  const order = `ORDER BY ${ORDERS[filter.sort]} LIMIT @limit OFFSET @offset`;
  const sql = searches
    ? `WITH found AS MATERIALIZED (SELECT id FROM ${SEARCHED} WHERE ${where})
       SELECT adapters.*, (SELECT count(*) FROM found) AS total FROM adapters
       WHERE +id IN (SELECT id FROM found) ${order}`
    : `SELECT adapters.*, (SELECT count(*) FROM adapters WHERE ${where}) AS total FROM adapters
       WHERE ${where} ${order}`;
  return { sql, parameters };
}

/**
 * Tables `adapter_search`, one searchable text per adapter, and `search_texts`, texts shared by
 * several adapters.
 */
export class AdapterSearch {
  readonly #library: Library;
  constructor(library: Library) {
    this.#library = library;
  }

  /** Rewrites the text; call it after every change of its parts, in the same transaction. */
  refresh(adapterId: string): void {
    const row = this.#library.get(
      `SELECT a.name, a.backbone_name,
         (SELECT group_concat(value, char(10)) FROM json_each(a.classes)) AS classes,
         (SELECT group_concat(tag, char(10)) FROM tags WHERE adapter_id = a.id) AS tags,
         (SELECT group_concat(body, char(10)) FROM notes WHERE subject_id = a.id) AS notes
       FROM adapters a WHERE a.id = @adapterId`,
      { adapterId },
    );
    if (row === undefined) return;
    const textOf = (...columns: string[]): string =>
      folded(columns.map((column) => row[column] ?? '').join('\n'));
    const shared = textOf('backbone_name', 'classes');
    this.#library.run('INSERT INTO search_texts (text) VALUES (@shared) ON CONFLICT DO NOTHING', {
      shared,
    });
    this.#library.run(
      `INSERT INTO adapter_search (adapter_id, text, shared_id)
       VALUES (@adapterId, @own, (SELECT id FROM search_texts WHERE text = @shared))
       ON CONFLICT (adapter_id) DO UPDATE SET text = excluded.text, shared_id = excluded.shared_id`,
      { adapterId, own: textOf('name', 'tags', 'notes'), shared },
    );
  }

  /** Rows of `adapters`. */
  page(filter: AdapterFilter, offset: number, limit: number): { total: number; rows: Row[] } {
    const { sql, parameters } = pageStatement(filter);
    const rows = this.#library.all(sql, { ...parameters, offset, limit });
    const [first] = rows;
    if (first !== undefined) return { total: number(first, 'total'), rows };
    // Beyond the end: an empty page has no `total`.
    return { total: offset === 0 && limit > 0 ? 0 : this.#count(filter), rows };
  }

  #count(filter: AdapterFilter): number {
    const { where, searches, parameters } = queryOf(filter);
    const sql = `SELECT count(*) AS n FROM ${searches ? SEARCHED : 'adapters'} WHERE ${where}`;
    const row = this.#library.get(sql, parameters);
    return row === undefined ? 0 : number(row, 'n');
  }

  /** Every tag in use, in alphabetical order. */
  tags(): string[] {
    return this.#library
      .all(
        'SELECT DISTINCT tag FROM tags WHERE adapter_id NOT IN (SELECT id FROM bin) ORDER BY tag',
      )
      .map((row) => text(row, 'tag'));
  }
}
