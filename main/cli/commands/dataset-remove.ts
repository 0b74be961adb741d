import { confirmRemoval } from '../confirm.ts';
import { advice, withStudio, type CommandContext } from '../context.ts';

/** `--json`: `{"removed": dataset}`. */
export async function run(
  context: CommandContext,
  name: string,
  options: { yes?: boolean },
): Promise<void> {
  const removed = await withStudio(context, async (studio, signal) => {
    const dataset = studio.datasets.get(name);
    const question = `The dataset ${dataset.name} will go to the bin; the images in ${dataset.path} stay.`;
    await confirmRemoval(context, question, options.yes === true, signal);
    return studio.datasets.remove(dataset.id);
  });
  context.console.answer({ removed }, () => [
    `Moved the dataset ${removed.name} to the bin; the images in ${removed.path} are still there. ${advice(context, 'bin', 'restore', removed.id)} brings it back.`,
  ]);
}
