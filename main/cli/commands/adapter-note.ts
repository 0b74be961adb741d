import { withStudio, type CommandContext } from '../context.ts';

/** `--json`: `{"adapter": id, "notes": …}`. */
export async function run(context: CommandContext, name: string, text: string): Promise<void> {
  const { adapter, notes } = await withStudio(context, async (studio) => {
    studio.adapters.note(name, text);
    return studio.adapters.lineage(name);
  });
  context.console.answer({ adapter: adapter.id, notes }, () => [
    notes === '' ? `${adapter.name} has no notes.` : `Noted on ${adapter.name}.`,
  ]);
}
