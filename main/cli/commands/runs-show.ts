import { withStudio, type CommandContext } from '../context.ts';
import { describeRun, validationTable } from '../describe/run.ts';

/** `--json`: the run as the library holds it, with its `validations`. */
export async function run(context: CommandContext, name: string): Promise<void> {
  const { console } = context;
  const { found, metrics } = await withStudio(context, async (studio) => {
    const one = studio.runs.get(name);
    return { found: one, metrics: studio.runs.metrics(one.id) };
  });
  const validations = metrics.filter((record) => record.kind === 'validation');
  console.answer({ ...found, validations }, () => [
    console.bold(found.name),
    ...describeRun(found, console),
    ...(validations.length === 0 ? [] : ['', ...validationTable(validations, console)]),
  ]);
}
