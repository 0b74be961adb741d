import { counted } from '../../../shared/domain/counted.ts';
import { advice, withStudio, type CommandContext } from '../context.ts';

/** `--json`: the dataset as stored in the library. */
export async function run(
  context: CommandContext,
  wanted: string,
  name: string,
  other: string,
): Promise<void> {
  const { from, into, dataset, images } = await withStudio(context, async ({ classes }) => {
    const from = classes.named(wanted, name);
    const into = classes.named(wanted, other);
    const dataset = classes.merge(wanted, from.index, into.index);
    return { from, into, dataset, images: classes.history(wanted).at(-1)?.images ?? 0 };
  });
  context.console.answer(dataset, () => [
    `"${from.name}" is merged into "${into.name}" in ${dataset.name}: ${counted(images, 'image')} moved.`,
    `To undo it: ${advice(context, 'dataset', 'class', 'unmerge', dataset.name, from.name)}`,
  ]);
}
