import { withStudio, type CommandContext } from '../context.ts';
import { describeBackbone } from '../describe/backbone.ts';

/** `--json`: the backbone as stored in the library. */
export async function run(context: CommandContext, name: string): Promise<void> {
  const backbone = await withStudio(context, async (studio) => studio.backbones.get(name));
  context.console.answer(backbone, () => [
    context.console.bold(backbone.name),
    ...describeBackbone(backbone, context.console),
  ]);
}
