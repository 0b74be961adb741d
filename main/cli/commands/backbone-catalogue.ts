import { withStudio, type CommandContext } from '../context.ts';
import { describeCatalogue } from '../describe/sources.ts';

/** `--json`: an array of the entries, each with `backbone`, the id of the one that came from there. */
export async function run(context: CommandContext): Promise<void> {
  const items = await withStudio(context, async (studio) =>
    studio.sources
      .catalogue()
      .map(({ entry, backbone }) => ({ ...entry, backbone: backbone?.id ?? null })),
  );
  context.console.answer(items, () => describeCatalogue(items, context.console));
}
