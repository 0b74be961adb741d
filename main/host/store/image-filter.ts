import type { ImageFilter } from '../../../shared/contract/window/datasets.ts';
import type { Parameters } from './library.ts';

export interface Statement {
  readonly sql: string;
  readonly parameters: Parameters;
}

const needleOf = (filter: ImageFilter): string =>
  filter.search?.trim().normalize('NFC').toLowerCase() ?? '';

/** Whether a filter looks at names, which no index knows. */
export function searchesNames(filter: ImageFilter): boolean {
  return needleOf(filter) !== '';
}

/**
 * Conditions on a row of `images`, and as far as names are not searched of `image_counts`.
 * @param labels whether the label is to be an image's first, or another in a row of `further_labels` beside it
 */
function conditions(
  datasetId: string,
  filter: ImageFilter,
  labels: 'first' | 'further' = 'first',
): { where: string; parameters: Parameters } {
  const { label, split, state } = filter;
  const parts = ['dataset_id = @datasetId'];
  const parameters: Record<string, string | number> = { datasetId };
  if (label !== undefined) {
    parts.push(labels === 'first' ? 'label = @label' : 'further_labels.label = @label');
    parameters['label'] = label;
  }
  if (split !== undefined) {
    parts.push('split = @split');
    parameters['split'] = split;
  }
  // Written out, since a partial index is only taken for a condition that is known beforehand.
  if (state === 'excluded') parts.push('excluded = 1');
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
 * The table with the index that leaves the fewest rows to look at, by what is usual: few images are excluded, few
 * cannot be used. Each index finds them in the order of their positions. It is named, since the planner, which
 * knows nothing of how the values are spread, would guess.
 */
function tableFor({ label, split, state }: ImageFilter): string {
  if (state === 'excluded') return 'images INDEXED BY images_excluded';
  if (state !== undefined && state !== 'ok') return 'images INDEXED BY images_by_state';
  if (label !== undefined) return 'images INDEXED BY images_by_label';
  if (split !== undefined) return 'images INDEXED BY images_by_split';
  if (state === 'ok') return 'images INDEXED BY images_by_state';
  // The table itself lies in the order of the positions.
  return 'images';
}

/**
 * Positions of all that a filter leaves, in their order.
 * @param several whether images of the dataset have more labels than one
 */
export function positionsSql(datasetId: string, filter: ImageFilter, several = false): Statement {
  const { where, parameters } = conditions(datasetId, filter);
  const byFirst = `SELECT position FROM ${tableFor(filter)} WHERE ${where}`;
  if (!several || filter.label === undefined)
    return { sql: `${byFirst} ORDER BY position`, parameters };
  // Both are in the order of the positions, and no image is in both: they are merged as they come.
  return {
    sql: `${byFirst}
          UNION ALL
          SELECT position FROM further_labels CROSS JOIN images USING (dataset_id, position)
          WHERE ${conditions(datasetId, filter, 'further').where}
          ORDER BY position`,
    parameters,
  };
}

/**
 * One page of a filter, with the parameters `@offset` and `@limit`: places are found in the index, the rows are
 * read for that page only.
 */
export function pageSql(
  datasetId: string,
  filter: ImageFilter,
  { several = false, columns = '*' } = {},
): Statement {
  const { sql, parameters } = positionsSql(datasetId, filter, several);
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

/** How many images a filter leaves that searches no names, from the counts. */
export function totalSql(datasetId: string, filter: ImageFilter, several = false): Statement {
  const { where, parameters } = conditions(datasetId, filter);
  const sum = (table: string): string =>
    `SELECT coalesce(sum(images), 0) AS n FROM ${table} WHERE ${where}`;
  const sql =
    several && filter.label !== undefined
      ? `SELECT (${sum('image_counts')}) + (${sum('further_counts')}) AS n`
      : sum('image_counts');
  return { sql, parameters };
}
