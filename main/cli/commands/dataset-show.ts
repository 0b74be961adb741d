import { withStudio, type CommandContext } from '../context.ts';
import { classTable, describeDataset, historyLines, problemLines } from '../describe/dataset.ts';

/**
 * `--json`: the dataset as stored in the library, with its `problems` and the
 * `history` of its classes.
 */
export async function run(context: CommandContext, name: string): Promise<void> {
  const { console } = context;
  const { dataset, problems, history } = await withStudio(context, async (studio) => {
    const found = studio.datasets.get(name);
    return {
      dataset: found,
      problems: studio.datasets.problems(found.id),
      history: studio.classes.history(found.id),
    };
  });
  console.answer({ ...dataset, problems, history }, () => [
    console.bold(dataset.name),
    ...describeDataset(dataset, console),
    '',
    ...classTable(dataset, console),
    ...historyLines(history, dataset, console),
    ...problemLines(problems, console),
  ]);
}
