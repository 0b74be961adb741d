import { withStudio, type CommandContext } from '../context.ts';

/** `--json`: the backbone under its new name. */
export async function run(context: CommandContext, backbone: string, name: string): Promise<void> {
  const { before, after } = await withStudio(context, async ({ backbones }) => {
    const before = backbones.get(backbone);
    return { before, after: backbones.rename(before.id, name) };
  });
  context.console.answer(after, () => [`The backbone ${before.name} is now called ${after.name}.`]);
}
