import { withStudio, type CommandContext } from '../context.ts';
import { describeAdapter } from '../describe/adapter.ts';
import { progressView } from '../output/progress.ts';

/** `--json`: the adapter as stored in the library. */
export async function run(
  context: CommandContext,
  path: string,
  options: { name?: string },
): Promise<void> {
  const { console } = context;
  const view = progressView(console);
  const adapter = await withStudio(context, async (studio, signal) => {
    try {
      return await studio.adapters.import(path, { ...options, signal, onProgress: view.host });
    } finally {
      view.stop();
    }
  });
  console.answer(adapter, () => [
    `Imported the adapter ${console.bold(adapter.name)}.`,
    ...describeAdapter(adapter, [], console),
  ]);
}
