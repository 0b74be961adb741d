import { withStudio, type CommandContext } from '../context.ts';
import { describeAdapter } from '../describe/adapter.ts';
import { progressView } from '../output/progress.ts';

/**
 * `--json`: the adapter as stored in the library; `sameAs` is the id of an adapter with the same
 * weights that the library had already, or null.
 */
export async function run(
  context: CommandContext,
  path: string,
  options: { name?: string },
): Promise<void> {
  const { console } = context;
  const view = progressView(console);
  const { adapter, twin } = await withStudio(context, async ({ adapters }, signal) => {
    try {
      const added = await adapters.import(path, { ...options, signal, onProgress: view.host });
      return { adapter: added, twin: await adapters.twin(added.id) };
    } finally {
      view.stop();
    }
  });
  console.answer({ ...adapter, sameAs: twin?.id ?? null }, () => [
    `Imported the adapter ${console.bold(adapter.name)}.`,
    ...(twin === null
      ? []
      : [`The library had it already, as ${console.bold(twin.name)}: their weights are the same.`]),
    ...describeAdapter({ adapter, parent: null }, [], console),
  ]);
}
