import { withStudio, type CommandContext } from '../context.ts';
import { describeAdapter } from '../describe/adapter.ts';

/** `--json`: the adapter as the library holds it, with its `evaluations`. */
export async function run(context: CommandContext, name: string): Promise<void> {
  const { console } = context;
  const { adapter, evaluations } = await withStudio(context, async (studio) => {
    const found = studio.adapters.get(name);
    return { adapter: found, evaluations: studio.adapters.evaluations(found.id) };
  });
  console.answer({ ...adapter, evaluations }, () => [
    console.bold(adapter.name),
    ...describeAdapter(adapter, evaluations, console),
  ]);
}
