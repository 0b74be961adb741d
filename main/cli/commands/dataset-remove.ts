import { confirmRemoval } from '../confirm.ts';
import { withStudio, type CommandContext } from '../context.ts';

/** `--json`: `{"removed": dataset}`. */
export async function run(
  context: CommandContext,
  name: string,
  options: { yes?: boolean },
): Promise<void> {
  const removed = await withStudio(context, async (studio, signal) => {
    const dataset = studio.datasets.get(name);
    const question = `The library forgets the dataset ${dataset.name}; the images in ${dataset.path} stay.`;
    await confirmRemoval(context, question, options.yes === true, signal);
    return studio.datasets.remove(dataset.id);
  });
  context.console.answer({ removed }, () => [
    `Removed the dataset ${removed.name} from the library; the images in ${removed.path} are still there.`,
  ]);
}
