import type { CommandContext } from '../context.ts';
import { trainToItsEnd } from '../training.ts';

/**
 * `--json`: the same stream as `karst train`; it creates a new adapter and keeps the previous one.
 */
export function run(
  context: CommandContext,
  name: string,
  options: { epochs: number },
): Promise<void> {
  return trainToItsEnd(context, { resume: true }, async (studio) => ({
    run: await studio.runs.extend(name, options.epochs),
  }));
}
