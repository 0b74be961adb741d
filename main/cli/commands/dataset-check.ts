import { counted } from '../../../shared/domain/counted.ts';
import { CHECKED_KINDS, countProblems } from '../../../shared/domain/problem-kinds.ts';
import { advice, withStudio, type CommandContext } from '../context.ts';
import { problemLines } from '../describe/dataset.ts';
import { PARTLY } from '../exit-codes.ts';
import { progressView } from '../output/progress.ts';

/**
 * `--json`: `{"dataset": …, "checked": n, "problems": […]}`, with all current problems, including
 * those from the import. Problems are not a failure unless `strict` requests a separate exit code
 * for them.
 */
export async function run(
  context: CommandContext,
  name: string,
  options: { strict?: boolean } = {},
): Promise<number> {
  const { console } = context;
  const view = progressView(console);
  const { dataset, checked, problems } = await withStudio(context, async (studio, signal) => {
    try {
      return await studio.datasets.check(name, { signal, onProgress: view.host });
    } finally {
      view.stop();
    }
  });
  const asTheyWere = problems.every(
    ({ kind }) => !(CHECKED_KINDS as readonly string[]).includes(kind),
  );
  console.answer({ dataset, checked, problems }, () => [
    asTheyWere
      ? `All ${counted(checked, 'image')} of ${dataset.name} are unchanged.`
      : `Looked at ${counted(checked, 'image')} of ${dataset.name}.`,
    ...problemLines(problems, console),
    ...(problems.some(({ kind }) => kind === 'changed')
      ? ['', `${advice(context, 'dataset', 'update', dataset.name)} takes what is new and changed.`]
      : []),
  ]);
  return options.strict === true && countProblems(problems) > 0 ? PARTLY : 0;
}
