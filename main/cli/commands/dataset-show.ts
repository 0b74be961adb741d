import { withStudio, type CommandContext } from '../context.ts';
import { classTable, describeDataset, problemLines } from '../describe/dataset.ts';

/** `--json`: the dataset as stored in the library, with its `problems`. */
export async function run(context: CommandContext, name: string): Promise<void> {
  const { console } = context;
  const { dataset, problems } = await withStudio(context, async (studio) => {
    const found = studio.datasets.get(name);
    return { dataset: found, problems: studio.datasets.problems(found.id) };
  });
  console.answer({ ...dataset, problems }, () => [
    console.bold(dataset.name),
    ...describeDataset(dataset, console),
    '',
    ...classTable(dataset, console),
    ...problemLines(problems, console),
  ]);
}
