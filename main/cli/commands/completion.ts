import tabtab, { type SupportedShell } from '@pnpm/tabtab';
import type { CommandContext } from '../context.ts';

/**
 * Prints the script that calls `karst completion-server` at each press of Tab. `--json`:
 * `{"script"}`.
 */
export async function run({ console }: CommandContext, shell: SupportedShell): Promise<void> {
  const script = await tabtab.getCompletionScript({ name: 'karst', completer: 'karst', shell });
  console.answer({ script }, () => script.trimEnd().split('\n'));
}
