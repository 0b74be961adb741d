import { withStudio, type CommandContext } from '../context.ts';
import { problemLines } from '../describe/dataset.ts';
import { plural } from '../output/format.ts';
import { progressView } from '../output/progress.ts';

/** `--json`: `{"dataset": …, "checked": n, "problems": […]}`. Problems that were found are an answer, not a failure. */
export async function run(context: CommandContext, name: string): Promise<void> {
  const { console } = context;
  const view = progressView(console);
  const { dataset, checked, problems } = await withStudio(context, async (studio, signal) => {
    try {
      return await studio.datasets.check(name, { signal, onProgress: view.host });
    } finally {
      view.stop();
    }
  });
  console.answer({ dataset, checked, problems }, () => [
    problems.length === 0
      ? `All ${plural(checked, 'image')} of ${dataset.name} are as they were.`
      : `Looked at ${plural(checked, 'image')} of ${dataset.name}.`,
    ...problemLines(problems, console),
  ]);
}
