import { CommanderError } from 'commander';
import { KarstError, toErrorReport, type ErrorReport } from '../../shared/domain/errors.ts';

/** 2 for a command line or setting that is wrong, 1 for everything that failed on the way. */
export function exitCodeOf(report: ErrorReport): 1 | 2 {
  return report.code === 'usage' || report.code === 'config-invalid' ? 2 : 1;
}

/**
 * What to say about anything that a command threw. Commander's "error: unknown option '--jsn'\n(Did you mean
 * --json?)" becomes a sentence and a hint; `help` names the command line that shows the usage.
 */
export function reportOf(error: unknown, help: string): ErrorReport {
  if (!(error instanceof CommanderError)) return toErrorReport(error);
  const [first = '', ...more] = error.message.replace(/^error: /, '').split('\n');
  const suggestion = /\((Did you mean .*\?)\)/.exec(more.join(' '))?.[1];
  const sentence = first.charAt(0).toUpperCase() + first.slice(1);
  return new KarstError('usage', /[.?!]$/.test(sentence) ? sentence : `${sentence}.`, {
    hint: `${suggestion === undefined ? '' : `${suggestion} `}\`${help}\` shows the usage.`,
  }).toReport();
}
