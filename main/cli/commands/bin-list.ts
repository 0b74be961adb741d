import { withStudio, type CommandContext } from '../context.ts';
import { formatBytes, formatMoment } from '../output/format.ts';
import { table } from '../output/table.ts';

/**
 * `--json`: an array of `{"id","kind","name","bytes","removedAt"}`, most recently removed first.
 */
export async function run(context: CommandContext): Promise<void> {
  const binned = await withStudio(context, async (studio) =>
    studio.bin
      .list()
      .map(({ id, kind, name, bytes, removedAt }) => ({ id, kind, name, bytes, removedAt })),
  );
  context.console.answer(binned, () =>
    binned.length === 0
      ? ['The bin is empty.']
      : table(
          [
            { title: 'name' },
            { title: 'id' },
            { title: 'kind' },
            { title: 'size', align: 'right' },
            { title: 'removed' },
          ],
          binned.map(({ name, id, kind, bytes, removedAt }) => [
            name,
            id,
            kind,
            kind === 'dataset' ? '' : formatBytes(bytes),
            formatMoment(removedAt),
          ]),
          context.console.dim,
        ),
  );
}
