import { withStudio, type CommandContext } from '../context.ts';
import { describeAdapter } from '../describe/adapter.ts';

/** `--json`: the adapter as stored in the library, with its `notes` and `evaluations`. */
export async function run(context: CommandContext, name: string): Promise<void> {
  const { console } = context;
  const { adapter, parent, notes, evaluations } = await withStudio(context, async (studio) => ({
    ...studio.adapters.lineage(name),
    evaluations: studio.evaluations.of(name),
  }));
  console.answer({ ...adapter, notes, evaluations }, () => [
    console.bold(adapter.name),
    ...describeAdapter({ adapter, parent }, evaluations, console),
    ...(notes === '' ? [] : ['', ...notes.split(/\r?\n/)]),
  ]);
}
