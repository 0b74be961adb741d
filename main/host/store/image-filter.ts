import type { ImageFilter } from '../../../shared/contract/studio/datasets.ts';
import type { Parameters } from './library.ts';

/** Part of a statement over the table `images` that leaves the images of a filter. */
export interface FilterSql {
  /** The table with the index to use. */
  readonly from: string;
  /** Condition, with the parameters that it names. */
  readonly where: string;
  readonly parameters: Parameters;
}

/**
 * The images of a dataset that a filter leaves. Each kind of filter has an index that finds them in the order of
 * their positions; the statement names it, since the planner, which knows nothing of how the values are spread,
 * would guess.
 */
export function filterSql(datasetId: string, filter: ImageFilter): FilterSql {
  const { label, split, state, search } = filter;
  const conditions = ['dataset_id = @datasetId'];
  const parameters: Record<string, string | number> = { datasetId };
  if (label !== undefined) {
    conditions.push('label = @label');
    parameters['label'] = label;
  }
  if (split !== undefined) {
    conditions.push('split = @split');
    parameters['split'] = split;
  }
  // Written out, since a partial index is only taken for a condition that is known beforehand.
  if (state === 'excluded') conditions.push('excluded = 1');
  else if (state !== undefined) {
    conditions.push('state = @state');
    parameters['state'] = state;
  }
  const needle = search?.trim().normalize('NFC').toLowerCase() ?? '';
  if (needle !== '') {
    conditions.push('instr(search_key, @needle) > 0');
    parameters['needle'] = needle;
  }
  const index = indexFor(filter);
  return {
    from: index === null ? 'images' : `images INDEXED BY ${index}`,
    where: conditions.join(' AND '),
    parameters,
  };
}

/** The index that leaves the fewest rows to look at, by what is usual: few excluded, few that are not whole. */
function indexFor({ label, split, state }: ImageFilter): string | null {
  if (state === 'excluded') return 'images_excluded';
  if (state !== undefined && state !== 'ok') return 'images_by_state';
  if (label !== undefined) return 'images_by_label';
  if (split !== undefined) return 'images_by_split';
  if (state === 'ok') return 'images_by_state';
  return null; // the table itself, which lies in the order of the positions
}

/**
 * One page of a filter, with the parameters `@offset` and `@limit`: the places are found in the index alone, the
 * rows are read for that page only.
 */
export function pageSql(
  datasetId: string,
  filter: ImageFilter,
): { sql: string; parameters: Parameters } {
  // Positions go up from 0 without gaps, so that without a filter the offset is a position.
  if (isEmptyFilter(filter))
    return {
      sql: `SELECT * FROM images WHERE dataset_id = @datasetId AND position >= @offset
            ORDER BY position LIMIT @limit`,
      parameters: { datasetId },
    };
  const { from, where, parameters } = filterSql(datasetId, filter);
  return {
    sql: `SELECT * FROM images WHERE dataset_id = @datasetId AND position IN
            (SELECT position FROM ${from} WHERE ${where} ORDER BY position LIMIT @limit OFFSET @offset)
          ORDER BY position`,
    parameters,
  };
}

/** How many images a filter leaves: from the counts, unless names have to be looked at. */
export function totalSql(
  datasetId: string,
  filter: ImageFilter,
): { sql: string; parameters: Parameters } {
  const { from, where, parameters } = filterSql(datasetId, filter);
  return 'needle' in parameters
    ? { sql: `SELECT count(*) AS n FROM ${from} WHERE ${where}`, parameters }
    : { sql: `SELECT coalesce(sum(images), 0) AS n FROM image_counts WHERE ${where}`, parameters };
}

/** True for the filter that leaves every image. */
function isEmptyFilter(filter: ImageFilter): boolean {
  const { label, split, state, search } = filter;
  return (
    label === undefined &&
    split === undefined &&
    state === undefined &&
    (search?.trim() ?? '') === ''
  );
}
