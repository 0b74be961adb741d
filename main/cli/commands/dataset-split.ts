import { withStudio, type CommandContext } from '../context.ts';
import { classTable, describeDataset } from '../describe/dataset.ts';

/** `--json`: the dataset with its new counts. Existing runs keep their frozen file lists. */
export async function run(
  context: CommandContext,
  name: string,
  options: { val: number; test: number; seed: number; redrawGiven?: boolean },
): Promise<void> {
  const { console } = context;
  const dataset = await withStudio(context, async ({ datasets }) =>
    datasets.resplit(name, options),
  );
  console.answer(dataset, () => [
    console.bold(dataset.name),
    ...describeDataset(dataset, console),
    '',
    ...classTable(dataset, console),
  ]);
}
