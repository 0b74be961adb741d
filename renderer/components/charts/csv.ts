import { quoted } from '../../domain/csv.ts';
import type { ChartSeries } from './chart.ts';

/**
 * All points of a chart as comma-separated values: one row per x value, one column per series, in
 * full precision.
 */
export function chartAsCsv(all: readonly ChartSeries[], placeName: string): string {
  const rows = new Map<number, string[]>();
  all.forEach((series, column) => {
    for (let i = 0; i < series.x.length; i++) {
      const x = series.x[i]!;
      const row = rows.get(x) ?? all.map(() => '');
      row[column] = String(series.y[i]!);
      rows.set(x, row);
    }
  });
  const lines = [...rows]
    .sort(([a], [b]) => a - b)
    .map(([x, values]) => [String(x), ...values].join(','));
  const head = [placeName, ...all.map(({ label }) => label)].map(quoted).join(',');
  return `${[head, ...lines].join('\r\n')}\r\n`;
}
