import { classNameOf } from '../../../shared/domain/dataset-classes.ts';
import { withStudio, type CommandContext } from '../context.ts';

/** `--json`: the dataset as stored in the library. */
export async function run(
  context: CommandContext,
  wanted: string,
  name: string,
  to: string,
): Promise<void> {
  const { before, dataset } = await withStudio(context, async ({ classes }) => {
    const before = classes.named(wanted, name);
    return { before, dataset: classes.rename(wanted, before.index, to) };
  });
  context.console.answer(dataset, () => [
    `"${before.name}" is now "${classNameOf(dataset, before.index)}" in ${dataset.name}.`,
  ]);
}
