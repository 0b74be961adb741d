import { withStudio, type CommandContext } from '../context.ts';
import { trainToItsEnd } from '../training.ts';

/**
 * `--json`: the run as the library holds it; it stops shortly after. For a run that nobody executes
 * as `trainToItsEnd` says, since it is ended here.
 */
export async function run(context: CommandContext, name: string): Promise<void> {
  const stopped = await withStudio(context, async (studio) => studio.runs.requestStop(name));
  if (stopped.state === 'queued') {
    await trainToItsEnd(context, { resume: true }, (studio) => studio.runs.get(stopped.id));
    return;
  }
  context.console.answer(stopped, () => [
    `${stopped.name} is asked to stop; it ends at its next step and keeps its best adapter.`,
  ]);
}
