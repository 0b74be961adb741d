import { createInterface } from 'node:readline/promises';
import { Option } from 'commander';
import { KarstError } from '../../shared/domain/errors.ts';
import type { CommandContext } from './context.ts';
import { printable } from './output/printable.ts';

/** The option that skips the question. */
export function yes(): Option {
  return new Option('--yes', 'do not ask');
}

/**
 * Asks before a removal, unless `--yes` was given.
 * @param question a sentence: what will be done and what stays
 * @throws usage without a terminal or with `--json`, cancelled unless the answer is yes
 */
export async function confirmRemoval(
  context: CommandContext,
  question: string,
  yes: boolean,
  signal: AbortSignal,
): Promise<void> {
  if (yes) return;
  if (!context.interactive || context.console.json) {
    throw new KarstError('usage', 'Nothing was removed: there is no terminal to ask on.', {
      hint: 'Give --yes to remove without being asked.',
    });
  }
  const answer = await ask(`${printable(question)} Remove? [y/N] `, signal);
  if (/^y(es)?$/i.test(answer.trim())) return;
  throw new KarstError('cancelled', 'Nothing was removed.');
}

/** The answer typed; empty when it was Ctrl-C or Ctrl-D. */
async function ask(question: string, signal: AbortSignal): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('close', () => resolve(''));
      lines.question(question, { signal }).then(resolve, reject);
    });
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') return '';
    throw error;
  } finally {
    lines.close();
  }
}
