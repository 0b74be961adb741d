import { CommanderError } from 'commander';
import { KarstError, toErrorReport } from '../../shared/domain/errors.ts';
import type { ErrorReport } from '../../shared/domain/error-report.ts';
import { FAILED, WRONG_USAGE } from './exit-codes.ts';

/** For a wrong command line or setting, or for any failure. */
export function exitCodeOf(report: ErrorReport): typeof FAILED | typeof WRONG_USAGE {
  return report.code === 'usage' || report.code === 'config-invalid' ? WRONG_USAGE : FAILED;
}

/**
 * The report of anything that a command threw. Commander's "error: unknown option '--jsn'\n(Did you
 * mean --json?)" becomes a sentence and a hint; `help` names the command line that shows the usage.
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
