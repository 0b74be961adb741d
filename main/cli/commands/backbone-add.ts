import { withStudio, type CommandContext } from '../context.ts';
import { describeBackbone } from '../describe/backbone.ts';
import { progressView } from '../output/progress.ts';

/** `--json`: the backbone as stored in the library. */
export async function run(
  context: CommandContext,
  path: string,
  options: { name?: string; heads?: number },
): Promise<void> {
  const view = progressView(context.console);
  const backbone = await withStudio(context, async (studio, signal) => {
    try {
      return await studio.backbones.add(path, { ...options, signal, onProgress: view.host });
    } finally {
      view.stop();
    }
  });
  context.console.answer(backbone, () => [
    `Added the backbone ${context.console.bold(backbone.name)}.`,
    ...describeBackbone(backbone, context.console),
  ]);
}
