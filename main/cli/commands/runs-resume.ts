import type { CommandContext } from '../context.ts';
import { trainToItsEnd } from '../training.ts';

/** `--json`: the same stream as `karst train`. */
export function run(context: CommandContext, name: string): Promise<void> {
  return trainToItsEnd(context, { resume: true }, (studio) => ({
    run: studio.runs.startable(name),
  }));
}
