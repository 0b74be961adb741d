import type { ClassMetrics } from '../../../shared/domain/metrics.ts';
import type { Sorting } from '../../components/table.ts';

/**
 * The classes sorted as requested, or in their original order. Names sort naturally (`leaf 2`,
 * `leaf 10`).
 */
export function sortedClasses(
  classes: readonly ClassMetrics[],
  sorting: Sorting | null,
): readonly ClassMetrics[] {
  if (sorting === null) return classes;
  const compare = comparison(sorting.key);
  return [...classes].sort((a, b) => (sorting.down ? compare(b, a) : compare(a, b)));
}

function comparison(key: string): (a: ClassMetrics, b: ClassMetrics) => number {
  if (key === 'n' || key === 'precision' || key === 'recall' || key === 'f1') {
    return (a, b) => a[key] - b[key];
  }
  return (a, b) => a.label.localeCompare(b.label, undefined, { numeric: true });
}
