import { expect, it } from 'vitest';
import { describeEvaluation } from '../../../main/cli/describe/evaluation.ts';
import { validationTable } from '../../../main/cli/describe/run.ts';
import { Console } from '../../../main/cli/output/console.ts';
import type { MetricRecord } from '../../../shared/domain/metrics.ts';
import { registerTaskSpec } from '../../../shared/tasks/registry.ts';
import { tagsSpec } from '../../fixtures/tags/spec.ts';

// A task that is not built into the command line.
registerTaskSpec(tagsSpec);

const sink = { write: () => true, isTTY: false };
const console = new Console({ json: false, out: sink, error: sink });
const squeezed = (lines: readonly string[]): string[] =>
  lines.map((line) => line.trim().replaceAll(/ {2,}/g, ' | '));

it('the tables are of the metrics that the task declares', () => {
  const evaluation = {
    ...{ n: 4, top1: 0.75, top5: 1, loss: 0.25, macroF1: 0.5 },
    ...{ perClass: [], confusion: [], metrics: { exact: 0.625 } },
  };
  const described = squeezed(
    describeEvaluation(
      { evaluation, classNotes: [], task: 'tags', split: 'val' },
      'lamps',
      console,
    ),
  );
  expect(described.slice(0, 3)).toEqual([
    'images | 4, val split of lamps',
    'all tags right | 62.5 %',
    'loss | 0.250',
  ]);
  expect(described.join()).not.toContain('top-1');

  const record: MetricRecord = {
    ...{ kind: 'validation', step: 3, epoch: 1, loss: 0.5, top1: 0.9, best: true },
    metrics: { exact: 0.5 },
  };
  expect(squeezed(validationTable([record], 'tags', console))).toEqual([
    'epoch | step | val loss | val all tags right',
    '1 | 3 | 0.500 | 50.0 % | best so far',
  ]);
  expect(squeezed(validationTable([record], 'single-label', console))[1]).toBe(
    '1 | 3 | 0.500 | 90.0 % | best so far',
  );
});
