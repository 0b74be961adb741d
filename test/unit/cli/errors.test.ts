import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { exitCodeOf, reportOf } from '../../../main/cli/errors.ts';
import { Console } from '../../../main/cli/output/console.ts';
import { ERROR_CODES } from '../../../shared/domain/error-report.ts';
import { KarstError } from '../../../shared/domain/errors.ts';

function recorder() {
  const sink = { text: '', write: (text: string) => (sink.text += text) };
  return sink;
}

describe('errors of the command line', () => {
  it('end with 2 where the command line or a setting is wrong, with 1 otherwise', () => {
    const wrong = ERROR_CODES.filter((code) => exitCodeOf({ code, message: '', hint: '' }) === 2);
    expect(wrong).toEqual(['usage', 'config-invalid']);
  });

  it('make sentences of commander’s messages', () => {
    const error = new CommanderError(
      1,
      'commander.unknownOption',
      "error: unknown option '--jsn'\n(Did you mean --json?)",
    );
    expect(reportOf(error, 'karst train --help')).toEqual({
      code: 'usage',
      message: "Unknown option '--jsn'.",
      hint: 'Did you mean --json? `karst train --help` shows the usage.',
    });
  });

  it('pass everything else on', () => {
    const error = new KarstError('not-found', 'There is no x.', { hint: 'Look.', path: '/x' });
    expect(reportOf(error, '')).toEqual(error.toReport());
    expect(reportOf(new TypeError('odd'), '').code).toBe('internal');
  });

  it('are a sentence and a hint on standard error for people', () => {
    const out = recorder();
    const error = recorder();
    const console = new Console({ json: false, out, error });
    console.fail({ code: 'not-found', message: 'There is no x.', hint: 'Look.', path: '/x' });
    expect(error.text).toBe('error: There is no x.\n  /x\nhint:  Look.\n');
    console.fail({ code: 'not-found', message: 'There is no /x.', hint: '', path: '/x' });
    expect(error.text).toMatch(/error: There is no \/x\.\n$/);
    expect(out.text).toBe('');
  });

  it('are one document on standard output under --json', () => {
    const out = recorder();
    const error = recorder();
    const report = { code: 'not-found', message: 'There is no x.', hint: '', path: '/x' } as const;
    new Console({ json: true, out, error }).fail(report);
    expect(JSON.parse(out.text)).toEqual({ error: report });
    expect(error.text).toBe('');
  });
});
