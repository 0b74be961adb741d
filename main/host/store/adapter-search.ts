import type { AdapterFilter } from '../../../shared/contract/studio/adapters.ts';
import { NOT_BINNED } from './bin.ts';
import type { Library, Parameters, Row } from './library.ts';
import { number, text } from './rows.ts';

/** Words of a search beyond so many are not looked at. */
const WORDS = 32;

/**
 * Each order is that of an index read backwards or forwards, so that a page is found without sorting. Adapters
 * without an accuracy come last.
 */
const ORDERS: Record<AdapterFilter['sort'], string> = {
  newest: 'created_at DESC, id DESC',
  name: 'name COLLATE NOCASE, id',
  top1: 'top1 DESC, id DESC',
  bytes: 'bytes DESC, id DESC',
};

/** Text as it is compared: case, width and composition of characters play no part. */
function folded(words: string): string {
  return words.normalize('NFKC').toLowerCase();
}

interface Query {
  readonly where: string;
  readonly parameters: Parameters;
}

function queryOf({ search, tags, method, backboneId }: AdapterFilter): Query {
  const conditions = [NOT_BINNED];
  const parameters: Record<string, string> = {};
  const words = [...new Set(folded(search).split(/\s+/))].filter((w) => w !== '').slice(0, WORDS);
  if (words.length > 0) {
    const fits = words.map((_, i) => `instr(text, @word${i}) > 0`).join(' AND ');
    conditions.push(`+id IN (SELECT adapter_id FROM adapter_search WHERE ${fits})`);
    words.forEach((word, i) => (parameters[`word${i}`] = word));
  }
  [...new Set(tags)].forEach((tag, i) => {
    conditions.push(`+id IN (SELECT adapter_id FROM tags WHERE tag = @tag${i})`);
    parameters[`tag${i}`] = tag;
  });
  if (method !== null) {
    conditions.push('method = @method');
    parameters['method'] = method;
  }
  if (backboneId !== null) {
    conditions.push('backbone_id = @backboneId');
    parameters['backboneId'] = backboneId;
  }
  return { where: conditions.join(' AND '), parameters };
}

/** The statement that finds a page; for `EXPLAIN QUERY PLAN` in tests, too. */
export function pageStatement(filter: AdapterFilter): { sql: string; parameters: Parameters } {
  const { where, parameters } = queryOf(filter);
  const sql = `SELECT * FROM adapters WHERE ${where} ORDER BY ${ORDERS[filter.sort]} LIMIT @limit OFFSET @offset`;
  return { sql, parameters };
}

/** Table `adapter_search`: one line of text an adapter, in which parts of words are looked for. */
export class AdapterSearch {
  readonly #library: Library;
  constructor(library: Library) {
    this.#library = library;
  }

  /** Writes the line anew; after every change of what it is made of, in the same transaction. */
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
    const parts = ['name', 'backbone_name', 'classes', 'tags', 'notes'].map((c) => row[c] ?? '');
    this.#library.run(
      `INSERT INTO adapter_search (adapter_id, text) VALUES (@adapterId, @text)
       ON CONFLICT (adapter_id) DO UPDATE SET text = excluded.text`,
      { adapterId, text: folded(parts.join('\n')) },
    );
  }

  /** Rows of `adapters`. */
  page(filter: AdapterFilter, offset: number, limit: number): { total: number; rows: Row[] } {
    const { where, parameters } = queryOf(filter);
    const counted = this.#library.get(
      `SELECT count(*) AS n FROM adapters WHERE ${where}`,
      parameters,
    );
    const { sql } = pageStatement(filter);
    return {
      total: counted === undefined ? 0 : number(counted, 'n'),
      rows: this.#library.all(sql, { ...parameters, offset, limit }),
    };
  }

  /** Every tag that an adapter of the library has, in the order of their letters. */
  tags(): string[] {
    return this.#library
      .all(
        'SELECT DISTINCT tag FROM tags WHERE adapter_id NOT IN (SELECT id FROM bin) ORDER BY tag',
      )
      .map((row) => text(row, 'tag'));
  }
}
