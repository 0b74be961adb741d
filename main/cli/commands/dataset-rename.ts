import { withStudio, type CommandContext } from '../context.ts';

/** `--json`: the dataset under its new name. */
export async function run(context: CommandContext, dataset: string, name: string): Promise<void> {
  const { before, after } = await withStudio(context, async ({ datasets }) => {
    const before = datasets.get(dataset);
    return { before, after: datasets.rename(before.id, name) };
  });
  context.console.answer(after, () => [`The dataset ${before.name} is now called ${after.name}.`]);
}
