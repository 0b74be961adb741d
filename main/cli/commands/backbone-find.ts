import type { CommandContext } from '../context.ts';
import { describeFound } from '../describe/sources.ts';
import { withWatchedStudio } from '../watched.ts';

/** `--json`: an array of `{"path","name","place","bytes","backboneId","architecture","error"}`. */
export async function run(context: CommandContext): Promise<void> {
  const found = await withWatchedStudio(context, (studio, watching) =>
    studio.sources.find(watching),
  );
  context.console.answer(found, () => describeFound(found, context.console));
}
