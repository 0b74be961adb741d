import { formatFixed, formatLoss, formatPercent, formatSignificant } from '../../domain/format.ts';
import { nearest } from '../../domain/column.ts';

/** One line of a chart; x is non-decreasing. */
export interface ChartSeries {
  readonly key: string;
  readonly label: string;
  /** Index of the series colour, 1 to 10. */
  readonly colour: number;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** Dash pattern, to distinguish lines without colour. */
  readonly stroke?: 'solid' | 'dashed' | 'dotted';
  /** Draw each of its few points. */
  readonly dots?: boolean;
  /** Index of the best point, which is marked; -1 for none. */
  readonly best?: number;
}

/** Quantity of the y axis, which determines number formatting. */
export type Measure = 'loss' | 'accuracy' | 'learningRate' | 'imagesPerSecond';
export type Along = 'epochs' | 'steps';

export interface Reading {
  readonly x: number;
  readonly y: number;
}

/** Index of the point nearest to `x`, or the last for null; null for an empty series. */
export function read(series: ChartSeries, x: number | null): Reading | null {
  const index = x === null ? series.x.length - 1 : nearest(series.x, x);
  return index < 0 ? null : { x: series.x[index]!, y: series.y[index]! };
}

/** Range of x over all series; null without points. */
export function extent(all: readonly ChartSeries[]): { from: number; to: number } | null {
  let from = Infinity;
  let to = -Infinity;
  for (const { x } of all) {
    if (x.length === 0) continue;
    from = Math.min(from, x[0]!);
    to = Math.max(to, x[x.length - 1]!);
  }
  return from > to ? null : { from, to };
}

/** A value of the chart with full text. */
export function valueText(measure: Measure, value: number): string {
  switch (measure) {
    case 'loss':
      return formatLoss(value);
    case 'accuracy':
      return formatPercent(value);
    case 'learningRate':
      return formatSignificant(value, 3);
    case 'imagesPerSecond':
      return formatFixed(value, value >= 100 ? 0 : 1);
  }
}

/** A position on the x axis: whole steps, or epochs with enough digits to distinguish steps. */
export function placeText(along: Along, x: number): string {
  return along === 'steps' || Number.isInteger(x) ? formatFixed(x, 0) : formatFixed(x, 2);
}

/** Labels of an axis, all with the same number of decimals. */
export function tickTexts(measure: Measure, ticks: readonly number[]): string[] {
  if (measure === 'learningRate') return ticks.map((tick) => formatSignificant(tick, 3));
  const percent = measure === 'accuracy';
  const digits = digitsOf(percent ? ticks.map((tick) => tick * 100) : ticks);
  return ticks.map((tick) => (percent ? formatPercent(tick, digits) : formatFixed(tick, digits)));
}

const MOST_DIGITS = 6;

/** Decimals needed to write all values exactly. */
function digitsOf(values: readonly number[]): number {
  let digits = 0;
  const rounded = (value: number): boolean => {
    const shifted = value * 10 ** digits;
    return Math.abs(shifted - Math.round(shifted)) > 1e-6;
  };
  while (digits < MOST_DIGITS && values.some(rounded)) digits++;
  return digits;
}

/** Limits of the y axis around values from `low` to `high`. Accuracy stays within 0 and 1, rates begin at 0. */
export function valueRange(measure: Measure, low: number, high: number): [number, number] {
  const room = high > low ? (high - low) * 0.08 : Math.abs(high) * 0.1 || 0.1;
  switch (measure) {
    case 'accuracy':
      return [Math.max(0, low - room), Math.min(1, high + room)];
    case 'loss':
      return [Math.max(0, low - room), high + room];
    case 'learningRate':
    case 'imagesPerSecond':
      return [0, high + room];
  }
}

export interface TableRow {
  readonly x: number;
  /** One value per series, in order; null where it has no point. */
  readonly values: readonly (number | null)[];
}

/**
 * The chart as a table of at most about `limit` rows: at every point of the short series (usually
 * validations), or else at evenly spaced points of the longest. Other series give their nearest
 * point, or none outside their range.
 */
export function tableRows(all: readonly ChartSeries[], limit: number): TableRow[] {
  const filled = all.filter((series) => series.x.length > 0);
  const short = filled.filter((series) => series.x.length <= limit);
  const places = new Set<number>();
  if (short.length > 0) {
    for (const { x } of short) for (const place of Array.from(x)) places.add(place);
  } else {
    const longest = filled.reduce<ArrayLike<number>>(
      (sofar, { x }) => (x.length > sofar.length ? x : sofar),
      [],
    );
    const stride = (longest.length - 1) / (limit - 1);
    for (let i = 0; i < Math.min(limit, longest.length); i++) {
      places.add(longest[Math.round(i * stride)]!);
    }
  }
  return [...places]
    .sort((a, b) => a - b)
    .map((x) => ({ x, values: all.map((series) => valueAt(series, x)) }));
}

function valueAt(series: ChartSeries, x: number): number | null {
  const { length } = series.x;
  if (length === 0 || x > series.x[length - 1]!) return null;
  return series.y[nearest(series.x, x)]!;
}
