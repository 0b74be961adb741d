import { withStudio, type CommandContext } from '../context.ts';

/** `--json`: the tagged adapter as stored in the library. */
export async function run(
  context: CommandContext,
  name: string,
  tags: readonly string[],
  options: { remove?: boolean },
): Promise<void> {
  const adapter = await withStudio(context, async (studio) =>
    studio.adapters.tag(name, tags, { remove: options.remove === true }),
  );
  context.console.answer(adapter, () => [
    adapter.tags.length === 0
      ? `${adapter.name} has no tags.`
      : `${adapter.name} is tagged ${adapter.tags.join(', ')}.`,
  ]);
}
