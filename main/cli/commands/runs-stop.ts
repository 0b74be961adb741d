import { withStudio, type CommandContext } from '../context.ts';
import { trainToItsEnd } from '../training.ts';

/**
 * `--json`: the run as stored in the library; it stops shortly after. A run that no process
 * executes is ended here, with the output of `trainToItsEnd`.
 */
export async function run(context: CommandContext, name: string): Promise<void> {
  const stopped = await withStudio(context, async (studio) => studio.runs.requestStop(name));
  if (stopped.state === 'queued') {
    await trainToItsEnd(context, { resume: true }, (studio) => ({
      run: studio.runs.get(stopped.id),
    }));
    return;
  }
  context.console.answer(stopped, () => [
    `${stopped.name} is asked to stop; it ends at its next step and keeps its best adapter.`,
  ]);
}
