import tabtab from '@pnpm/tabtab';
import type { Command } from 'commander';
import { completionsOf, type NamedThing } from '../completion.ts';
import { withStudio, type CommandContext } from '../context.ts';
import { statOrNull } from '../../host/services/paths.ts';
import { homeFolders } from '../../host/home.ts';

/**
 * Answers the script of `karst completion`: prints candidates for the last word, one per line. If
 * there are none, the shell completes paths.
 * @param words the command line up to the cursor, starting with `karst`
 */
export async function run(
  context: CommandContext,
  program: Command,
  words: readonly string[],
): Promise<void> {
  const shell = tabtab.getShellFromEnv(process.env);
  const [, ...typed] = words;
  const candidates = await completionsOf(program, typed, (kind) => namesOf(context, kind));
  if (candidates === 'paths') {
    // Bash completes paths if there are no candidates; its script misreads the completion package's
    // marker for path completion.
    if (shell !== 'bash') tabtab.logFiles();
    return;
  }
  const last = typed.at(-1) ?? '';
  const fitting = candidates.filter(({ name }) => name.startsWith(last));
  if (shell === 'bash') for (const { name } of fitting) console.log(inBash(name));
  else tabtab.log([...fitting], shell);
}

/** Escapes a candidate, because bash inserts it unquoted. */
function inBash(name: string): string {
  return name.replace(/[^\p{L}\p{N}_@%+=:,./-]/gu, '\\$&');
}

/** Returns the names of library items; empty without a library, which Tab must not create. */
async function namesOf(context: CommandContext, kind: NamedThing): Promise<readonly string[]> {
  if ((await statOrNull(homeFolders(context.home).library)) === null) return [];
  return withStudio(context, async (studio) => {
    const all = {
      adapter: () => studio.adapters.list(),
      backbone: () => studio.backbones.list(),
      dataset: () => studio.datasets.list(),
      run: () => studio.runs.list(),
    }[kind]();
    return all.map(({ name }) => name);
  });
}
