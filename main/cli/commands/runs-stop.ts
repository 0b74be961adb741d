import { withStudio, type CommandContext } from '../context.ts';

/** `--json`: the run as the library holds it; it ends a moment later. */
export async function run(context: CommandContext, name: string): Promise<void> {
  const stopped = await withStudio(context, async (studio) => studio.runs.requestStop(name));
  context.console.answer(stopped, () => [
    `${stopped.name} is asked to stop; it ends at its next step and keeps its best adapter.`,
  ]);
}
