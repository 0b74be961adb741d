import { confirmRemoval } from '../confirm.ts';
import { advice, withStudio, type CommandContext } from '../context.ts';

/** `--json`: `{"removed": adapter}`. */
export async function run(
  context: CommandContext,
  name: string,
  options: { yes?: boolean },
): Promise<void> {
  const removed = await withStudio(context, async (studio, signal) => {
    const adapter = studio.adapters.get(name);
    const question = `The adapter ${adapter.name} goes to the bin in ${studio.home}.`;
    await confirmRemoval(context, question, options.yes === true, signal);
    return studio.adapters.remove(adapter.id);
  });
  context.console.answer({ removed }, () => [
    `Removed the adapter ${removed.name}. Bring it back with \`${advice(context, 'bin', 'restore', removed.id)}\`.`,
  ]);
}
