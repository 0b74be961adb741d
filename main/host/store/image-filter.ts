import type { ImageFilter } from '../../../shared/contract/window/datasets.ts';
import type { Parameters } from './library.ts';

export interface Statement {
  readonly sql: string;
  readonly parameters: Parameters;
}

/** What a filter has to know of a dataset. */
export interface Filtered {
  /** Images have more labels than one. */
  readonly several?: boolean;
  /** Classes are left out: their images are excluded with them. */
  readonly leftOut?: boolean;
}

const LEFT_OUT = 'SELECT label FROM classes WHERE dataset_id = @datasetId AND left_out = 1';

const needleOf = (filter: ImageFilter): string =>
  filter.search?.trim().normalize('NFC').toLowerCase() ?? '';

/** Whether a filter searches names, for which there is no index. */
export function searchesNames(filter: ImageFilter): boolean {
  return needleOf(filter) !== '';
}

/**
 * Conditions on a row of `images`, and without a name search also of `image_counts`.
 * @param labels whether the label is to be an image's first, or another in a row of
 * `further_labels` beside it
 */
function conditions(
  datasetId: string,
  filter: ImageFilter,
  leftOut: boolean,
  labels: 'first' | 'further' = 'first',
): { where: string; parameters: Parameters } {
  const { label, split, state } = filter;
  const parts = ['dataset_id = @datasetId'];
  const parameters: Record<string, string | number> = { datasetId };
  const column = labels === 'first' ? 'label' : 'further_labels.label';
  if (label !== undefined) {
    parts.push(`${column} = @label`);
    parameters['label'] = label;
  }
  if (split !== undefined) {
    parts.push('split = @split');
    parameters['split'] = split;
  }
  // Literal: a partial index is used only for a constant condition.
  if (state === 'excluded')
    parts.push(leftOut ? `(excluded = 1 OR ${column} IN (${LEFT_OUT}))` : 'excluded = 1');
  else if (state !== undefined) {
    parts.push('state = @state');
    parameters['state'] = state;
  }
  if (searchesNames(filter)) {
    parts.push('instr(search_key, @needle) > 0');
    parameters['needle'] = needleOf(filter);
  }
  return { where: parts.join(' AND '), parameters };
}

/**
 * The table with the index expected to leave the fewest rows: few images are excluded, few are
 * unusable. Each index is in the order of positions. It is given explicitly, since the planner has
 * no statistics and would guess.
 */
function tableFor({ label, split, state }: ImageFilter, leftOut: boolean): string {
  if (state === 'excluded' && !leftOut) return 'images INDEXED BY images_excluded';
  if (state !== undefined && state !== 'ok' && state !== 'excluded')
    return 'images INDEXED BY images_by_state';
  if (label !== undefined) return 'images INDEXED BY images_by_label';
  if (split !== undefined) return 'images INDEXED BY images_by_split';
  if (state === 'ok') return 'images INDEXED BY images_by_state';
  // The table itself is in the order of positions.
  return 'images';
}

/** Positions of all images that match a filter, in order. */
export function positionsSql(
  datasetId: string,
  filter: ImageFilter,
  { several = false, leftOut = false }: Filtered = {},
): Statement {
  const { where, parameters } = conditions(datasetId, filter, leftOut);
  const byFirst = `SELECT position FROM ${tableFor(filter, leftOut)} WHERE ${where}`;
  if (!several || filter.label === undefined)
    return { sql: `${byFirst} ORDER BY position`, parameters };
  // Both are in the order of positions and disjoint, so they are merged while streaming.
  return {
    sql: `${byFirst}
          UNION ALL
          SELECT position FROM further_labels CROSS JOIN images USING (dataset_id, position)
          WHERE ${conditions(datasetId, filter, leftOut, 'further').where}
          ORDER BY position`,
    parameters,
  };
}

/**
 * One page of a filter, with the parameters `@offset` and `@limit`: found in the index; rows are
 * read for that page only.
 */
export function pageSql(
  datasetId: string,
  filter: ImageFilter,
  { columns = '*', ...of }: Filtered & { readonly columns?: string } = {},
): Statement {
  const { sql, parameters } = positionsSql(datasetId, filter, of);
  // Positions go up from 0 without gaps, so that without a filter the offset is a position.
  return Object.keys(parameters).length === 1 && filter.state !== 'excluded'
    ? {
        sql: `SELECT ${columns} FROM images WHERE dataset_id = @datasetId AND position >= @offset
              ORDER BY position LIMIT @limit`,
        parameters,
      }
    : {
        sql: `SELECT ${columns} FROM images WHERE dataset_id = @datasetId
                AND position IN (${sql} LIMIT @limit OFFSET @offset) ORDER BY position`,
        parameters,
      };
}

/** Number of images that match a filter without a name search, from the counts. */
export function totalSql(
  datasetId: string,
  filter: ImageFilter,
  { several = false, leftOut = false }: Filtered = {},
): Statement {
  const { where, parameters } = conditions(datasetId, filter, leftOut);
  const sum = (table: string): string =>
    `SELECT coalesce(sum(images), 0) AS n FROM ${table} WHERE ${where}`;
  const sql =
    several && filter.label !== undefined
      ? `SELECT (${sum('image_counts')}) + (${sum('further_counts')}) AS n`
      : sum('image_counts');
  return { sql, parameters };
}
