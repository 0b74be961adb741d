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
  if (!canAsk(context)) {
    throw new KarstError('usage', 'Nothing was removed: there is no terminal to ask on.', {
      hint: 'Give --yes to remove without being asked.',
    });
  }
  if (await agreed(`${question} Remove?`, signal)) return;
  throw new KarstError('cancelled', 'Nothing was removed.');
}

/** Whether there is a terminal to ask on, and `--json` does not forbid it. */
export function canAsk({ interactive, console }: CommandContext): boolean {
  return interactive && !console.json;
}

/** Asks a question that is answered by yes or no; Ctrl-C and Ctrl-D are no. */
export async function agreed(question: string, signal: AbortSignal): Promise<boolean> {
  const answer = await ask(`${printable(question)} [y/N] `, signal);
  return /^y(es)?$/i.test(answer.trim());
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
