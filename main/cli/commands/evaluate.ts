import type { Split } from '../../../shared/domain/dataset.ts';
import { withStudio, type CommandContext } from '../context.ts';
import { problemLines } from '../describe/dataset.ts';
import { describeEvaluation } from '../describe/evaluation.ts';
import { progressView } from '../output/progress.ts';

/** `--json`: `{"n","top1","top5","loss","macroF1","perClass":[…],"confusion":[[…]]}`; fractions, not per cent. */
export async function run(
  context: CommandContext,
  name: string,
  options: { dataset: string; split: Split },
): Promise<void> {
  const { console } = context;
  const view = progressView(console);
  const { evaluation, problems } = await withStudio(context, async (studio, signal) => {
    try {
      return await studio.adapters.evaluate(name, {
        ...options,
        signal,
        onProgress: view.host,
        onEvent: view.engine,
      });
    } finally {
      view.stop();
    }
  });
  const { n, top1, top5, loss, macroF1, perClass, confusion } = evaluation;
  console.answer({ n, top1, top5, loss, macroF1, perClass, confusion }, () => [
    ...describeEvaluation(evaluation, console),
    ...problemLines(problems, console),
  ]);
}
