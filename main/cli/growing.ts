import type { PlannedGrowth } from '../host/contract/datasets.ts';
import type { Studio } from '../host/contract/studio.ts';
import type { Watching } from '../host/contract/watching.ts';
import type { CommandContext } from './context.ts';
import { withStudio } from './context.ts';
import { describeChanges, isNothing } from './describe/changes.ts';
import { classTable, describeDataset, problemLines } from './describe/dataset.ts';
import { progressView } from './output/progress.ts';

/**
 * Finds what a dataset is to take, and takes it unless it is a dry run. `--json`:
 * `{"dataset": …, "applied": true, "changes": {…}, "unusable": n, "problems": […]}`; of a dry run
 * the dataset as it is, and without the last two.
 */
export async function grow(
  context: CommandContext,
  find: (studio: Studio, watching: Watching) => Promise<PlannedGrowth>,
  options: { readonly dryRun: boolean; readonly nothing: string },
): Promise<void> {
  const { console } = context;
  const view = progressView(console);
  const { dataset, changes, ...rest } = await withStudio(context, async (studio, signal) => {
    try {
      const watching = { signal, onProgress: view.host };
      const planned = await find(studio, watching);
      return options.dryRun
        ? { dataset: planned.dataset, changes: planned.changes, applied: false }
        : { ...(await studio.growth.apply(planned.token, watching)), applied: true };
    } finally {
      view.stop();
    }
  });
  console.answer({ dataset, changes, ...rest }, () => [
    `${console.bold(dataset.name)}${options.dryRun ? ' would take' : ''}:`,
    ...(isNothing(changes) ? [options.nothing] : []),
    ...describeChanges(changes, console),
    ...('problems' in rest && !isNothing(changes)
      ? [
          '',
          ...describeDataset(dataset, console),
          '',
          ...classTable(dataset, console),
          ...problemLines(rest.problems, console),
        ]
      : []),
  ]);
}
