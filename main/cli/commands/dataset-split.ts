import { counted } from '../../../shared/domain/counted.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { sourceSplit, type SplitDraw } from '../../../shared/domain/dataset.ts';
import { withStudio, type CommandContext } from '../context.ts';
import { classTable, describeDataset } from '../describe/dataset.ts';

/**
 * `--json`: the dataset with its new counts and `"moved"`, the number of images that are in another
 * split now. Existing runs keep their frozen file lists.
 */
export async function run(
  context: CommandContext,
  name: string,
  options: SplitDraw & { asInSource?: boolean; undo?: boolean },
): Promise<void> {
  const { console } = context;
  const { asInSource = false, undo = false, ...draw } = options;
  const { dataset, moved } = await withStudio(context, async ({ datasets }) => {
    if (undo) return datasets.undoSplit(name);
    if (!asInSource) return datasets.resplit(name, draw);
    const before = datasets.get(name);
    if (before.givenSplits.length === 0)
      throw new KarstError('usage', `The source of "${before.name}" gives no split.`, {
        hint: 'Re-split it with --val and --test.',
        option: '--as-in-source',
      });
    return datasets.resplit(before.id, sourceSplit(before));
  });
  console.answer({ ...dataset, moved }, () => [
    `${console.bold(dataset.name)}: ${moved === 0 ? 'nothing changed' : `${counted(moved, 'image')} moved to another split`}.`,
    ...describeDataset(dataset, console),
    '',
    ...classTable(dataset, console),
  ]);
}
