import { withStudio, type CommandContext } from '../context.ts';

/** `--json`: the dataset as stored in the library. */
export async function run(context: CommandContext, wanted: string, name: string): Promise<void> {
  const dataset = await withStudio(context, async ({ classes }) =>
    classes.setLeftOut(wanted, classes.named(wanted, name).index, true),
  );
  context.console.answer(dataset, () => [
    `"${name}" is left out of ${dataset.name}: its images are in no training or evaluation.`,
  ]);
}
