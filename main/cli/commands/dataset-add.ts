import type { SourceOptions } from '../../host/contract/datasets.ts';
import { advice, withStudio, type CommandContext } from '../context.ts';
import { classTable, describeDataset, previewLine, problemLines } from '../describe/dataset.ts';
import { progressView } from '../output/progress.ts';

/** `--json`: `{"dataset": …, "problems": [{"kind", "path", "reason"}]}`. */
export async function run(
  context: CommandContext,
  path: string,
  options: SourceOptions & { name?: string; val: number; test: number; seed: number },
): Promise<void> {
  const { console } = context;
  const view = progressView(console);
  const imported = await withStudio(context, async (studio, signal) => {
    try {
      return await studio.datasets.add(path, {
        ...options,
        signal,
        onProgress: view.host,
        onListed: (preview) => view.line(previewLine(preview)),
      });
    } finally {
      view.stop();
    }
  });
  const { dataset, problems } = imported;
  const limit = { most: 20, rest: advice(context, 'dataset', 'show', dataset.name) };
  console.answer({ dataset, problems }, () => [
    `Added the dataset ${console.bold(dataset.name)}.`,
    ...describeDataset(dataset, console),
    '',
    ...classTable(dataset, console, limit),
    ...problemLines(problems, console, limit),
  ]);
}
