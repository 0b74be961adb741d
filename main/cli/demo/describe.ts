import { advice, type CommandContext } from '../context.ts';
import {
  formatBytes,
  formatDuration,
  formatNumber,
  formatParameters,
  formatPercent,
} from '../output/format.ts';
import { facts } from '../output/table.ts';
import type { DemoReport } from './steps.ts';

/** The closing summary of the demo. */
export function describeDemo(report: DemoReport, context: CommandContext): string[] {
  const { console } = context;
  const { merged, exported } = report;
  const share = report.trainableParameters / report.backboneParameters;
  const right = report.predictions.filter((p) => p.label === p.truth).length;
  return [
    '',
    console.bold('Summary'),
    ...facts(
      [
        ['validation top-1', console.bold(formatPercent(report.top1))],
        ['validation loss', formatNumber(report.loss)],
        [
          'trained',
          `${formatParameters(report.trainableParameters)} parameters, ${formatPercent(share)} of the backbone's ${formatParameters(report.backboneParameters)}`,
        ],
        [
          'merged differs by',
          `${formatNumber(merged.verification.maxAbsDiff)} at most (allowed ${formatNumber(merged.verification.tolerance)}) on ${merged.verification.images} images`,
        ],
        ['predictions', `${right} of ${report.predictions.length} right`],
        ['merged model', merged.out],
        ['exported model', `${exported.out} (${formatBytes(exported.bytes)})`],
        ['everything in', report.home],
        ['time', formatDuration(report.seconds)],
      ],
      console.dim,
    ),
    '',
    `Look at it: ${advice(context, 'adapter', 'show', report.adapter)}`,
  ];
}
