import { withStudio, type CommandContext } from '../context.ts';

/** `--json`: the renamed adapter as stored in the library. */
export async function run(context: CommandContext, wanted: string, name: string): Promise<void> {
  const { before, adapter } = await withStudio(context, async (studio) => ({
    before: studio.adapters.get(wanted).name,
    adapter: studio.adapters.rename(wanted, name),
  }));
  context.console.answer(adapter, () => [`${before} is called ${adapter.name} now.`]);
}
