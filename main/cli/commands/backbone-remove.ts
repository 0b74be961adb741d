import { confirmRemoval } from '../confirm.ts';
import { withStudio, type CommandContext } from '../context.ts';

/** `--json`: `{"removed": backbone}`. */
export async function run(
  context: CommandContext,
  name: string,
  options: { yes?: boolean },
): Promise<void> {
  const removed = await withStudio(context, async (studio, signal) => {
    const backbone = studio.backbones.get(name);
    const question = `The library forgets the backbone ${backbone.name}; ${backbone.path} stays.`;
    await confirmRemoval(context, question, options.yes === true, signal);
    return studio.backbones.remove(backbone.id);
  });
  context.console.answer({ removed }, () => [
    `Removed the backbone ${removed.name} from the library; ${removed.path} is still there.`,
  ]);
}
