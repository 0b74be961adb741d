import type { Split } from '../../../shared/domain/dataset.ts';
import type { CommandContext } from '../context.ts';
import { problemLines } from '../describe/dataset.ts';
import { describeEvaluation } from '../describe/evaluation.ts';
import { withWatchedStudio } from '../watched.ts';

/** `--json`: `{"n","top1","top5","loss","macroF1","perClass":[…],"confusion":[[…]]}`; fractions, not per cent. */
export async function run(
  context: CommandContext,
  name: string,
  options: { dataset: string; split: Split },
): Promise<void> {
  const { console } = context;
  const { evaluation, problems } = await withWatchedStudio(context, (studio, watching) =>
    studio.evaluations.measure(name, { ...options, ...watching }),
  );
  const { n, top1, top5, loss, macroF1, perClass, confusion } = evaluation;
  console.answer({ n, top1, top5, loss, macroF1, perClass, confusion }, () => [
    ...describeEvaluation(evaluation, console),
    ...problemLines(problems, console),
  ]);
}
