import { withStudio, type CommandContext } from '../context.ts';
import { adviceLines, adviceOn } from '../describe/advice.ts';
import { describeRun, validationTable } from '../describe/run.ts';

/**
 * `--json`: the run as stored in the library, with its `validations`, and the seconds that the
 * steps of each epoch took and waited for images (`waiting`), and what its curves call for
 * (`advice`).
 */
export async function run(context: CommandContext, name: string): Promise<void> {
  const { console } = context;
  const { found, metrics, waiting } = await withStudio(context, async (studio) => {
    const one = studio.runs.get(name);
    return {
      found: one,
      metrics: studio.runs.metrics(one.id),
      waiting: studio.runs.waiting(one.id),
    };
  });
  const validations = metrics.filter((record) => record.kind === 'validation');
  const advice = adviceOn(found, metrics, context);
  console.answer({ ...found, validations, waiting, advice }, () => [
    console.bold(found.name),
    ...describeRun(found, waiting, console),
    ...(validations.length === 0 ? [] : ['', ...validationTable(validations, found.task, console)]),
    ...adviceLines(advice),
  ]);
}
