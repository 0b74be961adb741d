import { describe, expect, it } from 'vitest';
import type { ClassMetrics } from '../../../shared/domain/metrics.ts';
import {
  confusionAsCsv,
  shareOfRow,
  STRONGEST,
  tintOf,
} from '../../../renderer/views/evaluation/confusion.ts';
import { sortedClasses } from '../../../renderer/views/evaluation/sorted-classes.ts';
import { offeredName } from '../../../renderer/views/library/export-formats.ts';

describe('a confusion matrix', () => {
  const confusion = [
    [8, 2],
    [0, 0],
  ];

  it('tints by the share of the row', () => {
    expect(shareOfRow(confusion, 0, 0)).toBe(0.8);
    expect(shareOfRow(confusion, 0, 1)).toBe(0.2);
  });

  it('tints small shares, too, and none where there is nothing', () => {
    expect(tintOf(0)).toBe(0);
    expect(tintOf(0.01)).toBeGreaterThan(0.1);
    expect(tintOf(1)).toBe(STRONGEST);
  });

  it('has no share for a class without images', () => {
    expect(shareOfRow(confusion, 1, 1)).toBe(0);
    expect(shareOfRow(confusion, 7, 0)).toBe(0);
  });

  it('is written with the classes around it, and no label becomes a formula', () => {
    expect(confusionAsCsv(confusion, ['=oak', 'elm, "wych"'])).toBe(
      `,'=oak,"elm, ""wych"""\r\n'=oak,8,2\r\n"elm, ""wych""",0,0\r\n`,
    );
  });
});

describe('classes of an evaluation', () => {
  const classes: ClassMetrics[] = [
    { label: 'leaf 10', n: 3, precision: 0.5, recall: 1, f1: 0.667 },
    { label: 'leaf 2', n: 9, precision: 0.9, recall: 0.2, f1: 0.327 },
  ];
  const order = (key: string, down: boolean): string[] =>
    sortedClasses(classes, { key, down }).map(({ label }) => label);

  it('keep their own order until another is asked for', () => {
    expect(sortedClasses(classes, null)).toBe(classes);
  });

  it('are ordered by figures, and by names as people count', () => {
    expect(order('recall', true)).toEqual(['leaf 10', 'leaf 2']);
    expect(order('n', true)).toEqual(['leaf 2', 'leaf 10']);
    expect(order('label', false)).toEqual(['leaf 2', 'leaf 10']);
  });
});

describe('an export', () => {
  it('is offered a name that says what it is and that every file system takes', () => {
    expect(offeredName('maize: run 2', 'karst')).toBe('maize- run 2.karst');
    expect(offeredName('maize', 'timm')).toBe('maize-merged');
    expect(offeredName('maize', 'adapter')).toBe('maize-adapter');
  });
});
