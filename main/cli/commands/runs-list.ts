import { withStudio, type CommandContext } from '../context.ts';
import { paintState } from '../describe/run.ts';
import { formatDuration, formatEpochs, formatMoment, formatPercent } from '../output/format.ts';
import { table } from '../output/table.ts';

/** `--json`: an array of runs. */
export async function run(context: CommandContext): Promise<void> {
  const { console } = context;
  const runs = await withStudio(context, async (studio) => studio.runs.list());
  console.answer(runs, () =>
    runs.length === 0
      ? ['No runs yet: `karst train` starts one.']
      : table(
          [
            { title: 'name' },
            { title: 'id' },
            { title: 'state' },
            { title: 'method' },
            { title: 'backbone' },
            { title: 'dataset' },
            { title: 'epoch', align: 'right' },
            { title: 'best top-1', align: 'right' },
            { title: 'duration', align: 'right' },
            { title: 'created' },
          ],
          runs.map((one) => [
            one.name,
            one.id,
            paintState(one.state, console),
            one.method,
            one.backboneName,
            one.datasetName,
            `${formatEpochs(one.epoch)}/${one.config.schedule.epochs}`,
            one.bestTop1 === null ? '' : formatPercent(one.bestTop1),
            one.startedAt === null || one.activeSeconds === null
              ? ''
              : formatDuration(one.activeSeconds),
            formatMoment(one.createdAt),
          ]),
          console.dim,
        ),
  );
}
