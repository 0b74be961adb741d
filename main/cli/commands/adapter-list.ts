import { withStudio, type CommandContext } from '../context.ts';
import { formatBytes, formatMoment, formatParameters, formatPercent } from '../output/format.ts';
import { table } from '../output/table.ts';

/** `--json`: an array of adapters. */
export async function run(context: CommandContext): Promise<void> {
  const adapters = await withStudio(context, async (studio) => studio.adapters.list());
  context.console.answer(adapters, () =>
    adapters.length === 0
      ? ['No adapters yet: `karst train` makes one, `karst adapter import` imports one.']
      : table(
          [
            { title: 'name' },
            { title: 'id' },
            { title: 'method' },
            { title: 'backbone' },
            { title: 'classes', align: 'right' },
            { title: 'parameters', align: 'right' },
            { title: 'size', align: 'right' },
            { title: 'val top-1', align: 'right' },
            { title: 'created' },
            { title: 'tags' },
          ],
          adapters.map((adapter) => [
            adapter.name,
            adapter.id,
            adapter.method,
            adapter.backboneName,
            `${adapter.classes.length}`,
            formatParameters(adapter.trainableParameters),
            formatBytes(adapter.bytes),
            adapter.top1 === null ? '' : formatPercent(adapter.top1),
            formatMoment(adapter.createdAt),
            adapter.tags.join(', '),
          ]),
          context.console.dim,
        ),
  );
}
