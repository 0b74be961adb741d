import { withStudio, type CommandContext } from '../context.ts';

/** `--json`: the dataset as stored in the library. */
export async function run(context: CommandContext, wanted: string, name: string): Promise<void> {
  const dataset = await withStudio(context, async ({ classes }) =>
    classes.setLeftOut(wanted, classes.named(wanted, name).index, false),
  );
  context.console.answer(dataset, () => [`"${name}" is taken into ${dataset.name} again.`]);
}
