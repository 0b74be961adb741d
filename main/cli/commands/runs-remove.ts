import { confirmRemoval } from '../confirm.ts';
import { advice, withStudio, type CommandContext } from '../context.ts';

/** `--json`: `{"removed": run}`. */
export async function run(
  context: CommandContext,
  name: string,
  options: { yes?: boolean },
): Promise<void> {
  const removed = await withStudio(context, async (studio, signal) => {
    const found = studio.runs.get(name);
    const question = `The run ${found.name} goes, with its checkpoints, to the bin in ${studio.home}; its adapter stays.`;
    await confirmRemoval(context, question, options.yes === true, signal);
    return studio.runs.remove(found.id);
  });
  context.console.answer({ removed }, () => [
    `Removed the run ${removed.name}. Bring it back with \`${advice(context, 'bin', 'restore', removed.id)}\`.`,
  ]);
}
