import { expect, it } from 'vitest';
import {
  bestOf,
  chosenRate,
  epochOf,
  medianStart,
  splitOf,
  timeTo,
} from '../../bench/job-figures.ts';
import type { JobRun } from '../../bench/job-runs.ts';
import { jobTables, type JobRow } from '../../bench/job-tables.ts';
import { perfSplit } from '../../bench/perf-split.ts';

/** A run with the first step after 5 s and these ends of epochs and accuracies. */
const run = (...epochs: readonly (readonly [end: number, top1: number])[]): JobRun => ({
  firstStep: 5,
  start: { process: 1, tensorflow: 0.5, graph: 0.5, images: 0, xla: 3 },
  epochs: epochs.map(([end, top1]) => ({ end, top1, steps: 8, waiting: 1, validation: 2 })),
  perf: null,
});

it('takes an epoch without what the first one compiles and decodes', () => {
  expect(epochOf([run([25, 0.5], [35, 0.6], [46, 0.7]), run([25, 0.5], [37, 0.6])])).toBe(11);
  // Where there is only one, it counts.
  expect(epochOf([run([25, 0.5])])).toBe(20);
  expect(splitOf([run([25, 0.5], [35, 0.6])])).toEqual({
    ...{ steps: 8, waiting: 1, validation: 2, perf: null },
  });
  expect(medianStart([run([25, 0.5])])).toMatchObject({ total: 5, process: 1, xla: 3 });
});

it('chooses the rate on validation, and finds when a target was first reached', () => {
  const slow = [run([10, 0.5], [20, 0.9]), run([10, 0.5], [20, 0.8])];
  const fast = [run([10, 0.9], [20, 0.7]), run([10, 0.9], [20, 0.6])];
  expect(bestOf(fast[0]!)).toBe(0.9);
  expect(chosenRate([slow, fast])).toBe(1);
  expect(timeTo(slow, [0.85, 0.75], 0)).toBe(20);
  // Before the runs' own clock, images and backbone were added.
  expect(timeTo(fast, [0.85, 0.85], 3)).toBe(13);
  expect(timeTo([...slow, run([10, 0.1])], [0.95, 0.95, 0.95], 0)).toBeNull();
});

it('sorts the processor time by what it is spent on', () => {
  const report = `
# Overhead  Shared Object  Symbol
    60.00%  karst_kernels_avx2.node     [.] karst::multiplyRows<5, 2>
     2.00%  libtensorflow_cc.so.2       [.] ynn::dot_fp32_5x32x2_1x8x2_avx512f
     3.00%  libscipy_openblas64_.so     [.] sgemm_kernel_HASWELL
    10.00%  [kernel.kallsyms]           [k] clear_page_erms
     4.00%  libvips-cpp.so.42           [.] jpeg_idct_islow
    21.00%  karst_kernels_avx2.node     [.] karst::gelu
`;
  const { products, other, images, system } = perfSplit(report);
  const rounded = [products, other, images, system].map((part) => Math.round(100 * part));
  expect(rounded).toEqual([65, 21, 4, 10]);
});

it('says in the tables what was run, and what was not reached', () => {
  const times = { total: 13, process: 1, tensorflow: 0.5, graph: 1, images: 0.1, xla: 10.4 };
  const row: JobRow = {
    ...{ set: 'hands', size: 112, epochs: 1, seeds: 2, turns: 1, addingSeconds: 2, workers: 1 },
    epochSeconds: { ours: 17, script: [22, 20] },
    firstStep: { cold: times, warm: { ...times, total: 3 }, script: 5 },
    split: { steps: 15, waiting: 0.1, validation: 2, perf: null },
    accuracy: {
      rate: 0.003,
      script: { best: 0.9, seconds: 100 },
      defaults: { best: 0.95, seconds: 80 },
      atRate: { best: 0.8, seconds: null },
    },
  };
  const markdown = jobTables([row, { ...row, set: 'flowers', seeds: 0, accuracy: null }]);
  expect(markdown).toContain(
    'hands, 112 pixels: batch 16, 1 epochs, 2 seeds, 1 turns; the script at 0.003 with one worker.',
  );
  expect(markdown).toContain('| hands, 112 pixels | 17.0 s | 22.0 s | 20.0 s | 0.85 |');
  expect(markdown).toContain('| hands, 112 pixels, nothing compiled | 13.0 s |');
  expect(markdown).toContain('| 2.60 |');
  expect(markdown).toContain('| hands, 112 pixels, KARST Studio at 0.003 | 80.0 % | not reached |');
  expect(markdown).toContain('0 seeds, 1 turns; the script with one worker.');
  expect(markdown).not.toContain('flowers, 112 pixels, KARST Studio');
  expect(jobTables([{ ...row, accuracy: null }])).not.toContain('Time to accuracy');
});
