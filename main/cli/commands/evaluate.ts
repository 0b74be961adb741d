import type { Split } from '../../../shared/domain/dataset.ts';
import type { Studio } from '../../host/contract/studio.ts';
import type { CommandContext } from '../context.ts';
import { problemLines } from '../describe/dataset.ts';
import { describeEvaluation } from '../describe/evaluation.ts';
import { onlyOne } from '../only.ts';
import { withWatchedStudio } from '../watched.ts';

interface EvaluateOptions {
  readonly dataset?: string;
  readonly split?: Split;
}

/**
 * `--json`:
 * `{"n","top1","top5","loss","macroF1","perClass":[…],"confusion":[[…]],"classNotes":[…],"dataset","split"}`;
 * fractions, not percentages. `classNotes` say where the dataset's classes are not as the adapter
 * learnt them.
 */
export async function run(
  context: CommandContext,
  name: string,
  options: EvaluateOptions,
): Promise<void> {
  const { console } = context;
  const { stored, evaluation, problems, dataset, split } = await withWatchedStudio(
    context,
    async (studio, watching) => {
      const chosen = imagesFor(studio, name, options);
      const done = await studio.evaluations.evaluate(name, { ...chosen, ...watching });
      return { ...done, ...chosen };
    },
  );
  const { n, top1, top5, loss, macroF1, perClass, confusion, metrics } = evaluation;
  const own = metrics === undefined ? {} : { metrics };
  console.answer(
    {
      ...{ n, top1, top5, loss, macroF1, ...own, perClass, confusion },
      ...{ classNotes: stored.classNotes, dataset, split },
    },
    () => [...describeEvaluation(stored, dataset, console), ...problemLines(problems, console)],
  );
}

/** Prefers test images, because no selection was made on them. */
function imagesFor(
  { adapters, datasets, runs }: Studio,
  name: string,
  options: EvaluateOptions,
): { dataset: string; split: Split } {
  const { runId } = adapters.get(name);
  const trainedOn = runs.list().find((run) => run.id === runId)?.datasetId;
  const wanted = options.dataset ?? trainedOn ?? onlyOne('dataset', datasets.list());
  const dataset = datasets.get(wanted);
  const split = options.split ?? (dataset.counts.test > 0 ? 'test' : 'val');
  return { dataset: dataset.name, split };
}
