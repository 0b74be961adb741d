import { withStudio, type CommandContext } from '../context.ts';
import { formatBytes, formatCount } from '../output/format.ts';
import { table } from '../output/table.ts';

/** `--json`: an array of datasets. */
export async function run(context: CommandContext): Promise<void> {
  const datasets = await withStudio(context, async (studio) => studio.datasets.list());
  context.console.answer(datasets, () =>
    datasets.length === 0
      ? ['No datasets yet: `karst dataset add PATH --name NAME` imports one.']
      : table(
          [
            { title: 'name' },
            { title: 'id' },
            { title: 'classes', align: 'right' },
            { title: 'train', align: 'right' },
            { title: 'val', align: 'right' },
            { title: 'test', align: 'right' },
            { title: 'unusable', align: 'right' },
            { title: 'size', align: 'right' },
            { title: 'from' },
          ],
          datasets.map((dataset) => [
            dataset.name,
            dataset.id,
            formatCount(dataset.classes.length),
            formatCount(dataset.counts.train),
            formatCount(dataset.counts.val),
            formatCount(dataset.counts.test),
            formatCount(dataset.unusable),
            formatBytes(dataset.bytes),
            dataset.path,
          ]),
          context.console.dim,
        ),
  );
}
