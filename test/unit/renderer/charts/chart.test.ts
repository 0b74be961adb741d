// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import {
  extent,
  placeText,
  read,
  tableRows,
  tickTexts,
  valueRange,
  valueText,
  type ChartSeries,
} from '../../../../renderer/components/charts/chart.ts';
import { chartAsCsv } from '../../../../renderer/components/charts/csv.ts';
import { fileName } from '../../../../renderer/composables/download.ts';

function line(key: string, x: number[], y: number[]): ChartSeries {
  return { key, label: key, colour: 1, x, y };
}

const train = line('train', [1, 2, 3, 4], [0.9, 0.7, 0.5, 0.3]);
const validation = line('validation', [2, 4], [0.8, 0.6]);

describe('a chart', () => {
  it('reads the nearest point, and the last where no place is read', () => {
    expect(read(train, 2.4)).toEqual({ x: 2, y: 0.7 });
    expect(read(train, null)).toEqual({ x: 4, y: 0.3 });
    expect(read(validation, 0)).toEqual({ x: 2, y: 0.8 });
    expect(read(line('none', [], []), 1)).toBeNull();
    expect(read(line('none', [], []), null)).toBeNull();
  });

  it('reaches from the first point of any line to the last', () => {
    expect(extent([validation, train])).toEqual({ from: 1, to: 4 });
    expect(extent([line('none', [], [])])).toBeNull();
    expect(extent([])).toBeNull();
  });

  it('writes values as they are measured', () => {
    expect(valueText('loss', 0.4123)).toBe('0.412');
    expect(valueText('accuracy', 0.914)).toBe('91.4 %');
    expect(valueText('learningRate', 0.00025)).toBe('0.00025');
    expect(valueText('imagesPerSecond', 1234.5)).toBe('1,235');
    expect(placeText('epochs', 3)).toBe('3');
    expect(placeText('epochs', 3.256)).toBe('3.26');
    expect(placeText('steps', 1200)).toBe('1,200');
  });

  it('gives the labels of an axis the digits that tell them apart', () => {
    expect(tickTexts('loss', [0, 0.5, 1])).toEqual(['0.0', '0.5', '1.0']);
    expect(tickTexts('loss', [0.5, 0.75, 1])).toEqual(['0.50', '0.75', '1.00']);
    expect(tickTexts('loss', [0.1 + 0.2, 0.4])).toEqual(['0.3', '0.4']);
    expect(tickTexts('loss', [0.2, 0.25, 0.3])).toEqual(['0.20', '0.25', '0.30']);
    expect(tickTexts('loss', [0, 1, 2])).toEqual(['0', '1', '2']);
    expect(tickTexts('accuracy', [0.8, 0.9, 1])).toEqual(['80 %', '90 %', '100 %']);
    expect(tickTexts('accuracy', [0.9, 0.905])).toEqual(['90.0 %', '90.5 %']);
    expect(tickTexts('learningRate', [0, 0.0005, 0.001])).toEqual(['0', '0.0005', '0.001']);
  });

  it('leaves room around values, and keeps accuracy within nought and one', () => {
    expect(valueRange('accuracy', 0.02, 1)).toEqual([0, 1]);
    expect(valueRange('loss', 0.01, 2)[0]).toBe(0);
    const [low, high] = valueRange('loss', 1, 2);
    expect(low).toBeLessThan(1);
    expect(high).toBeGreaterThan(2);
    expect(valueRange('learningRate', 0.001, 0.001)[0]).toBe(0);
    const [from, to] = valueRange('loss', 0, 0);
    expect(to).toBeGreaterThan(from);
  });
});

describe('the table of a chart', () => {
  it('has a row at every point of the short lines', () => {
    const long = line(
      'long',
      Array.from({ length: 1000 }, (_, i) => i / 100),
      Array.from({ length: 1000 }, (_, i) => i),
    );
    expect(tableRows([long, validation], 200)).toEqual([
      { x: 2, values: [200, 0.8] },
      { x: 4, values: [400, 0.6] },
    ]);
  });

  it('spreads rows evenly over long lines, from the first point to the last', () => {
    const long = line(
      'long',
      Array.from({ length: 1000 }, (_, i) => i),
      Array.from({ length: 1000 }, (_, i) => -i),
    );
    const rows = tableRows([long], 11);
    expect(rows).toHaveLength(11);
    expect(rows[0]).toEqual({ x: 0, values: [-0] });
    expect(rows.at(-1)).toEqual({ x: 999, values: [-999] });
  });

  it('leaves empty what lies beyond the end of a line', () => {
    const short = line('short', [1], [5]);
    expect(tableRows([validation, short], 200)).toEqual([
      { x: 1, values: [0.8, 5] },
      { x: 2, values: [0.8, null] },
      { x: 4, values: [0.6, null] },
    ]);
    expect(tableRows([line('none', [], [])], 200)).toEqual([]);
  });
});

describe('a chart as CSV', () => {
  it('has all points in full precision, one row a place', () => {
    const noisy = line('a', [0.1, 0.2], [1 / 3, 2]);
    expect(chartAsCsv([noisy, line('b', [0.2, 0.3], [7, 8])], 'Epochs')).toBe(
      ['Epochs,a,b', '0.1,0.3333333333333333,', '0.2,2,7', '0.3,,8', ''].join('\r\n'),
    );
  });

  it('keeps names whole that hold commas, quotes or the beginning of a formula', () => {
    const [head] = chartAsCsv([line('first, "best"', [], []), line('=1+1', [], [])], 'Steps').split(
      '\r\n',
    );
    expect(head).toBe(`Steps,"first, ""best""",'=1+1`);
  });

  it('is offered under a name that every file system takes', () => {
    expect(fileName('a/b: "c"?.csv')).toBe('a-b- -c-.csv');
    expect(fileName('...')).toBe('file');
  });
});
