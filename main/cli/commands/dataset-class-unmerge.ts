import { counted } from '../../../shared/domain/counted.ts';
import { withStudio, type CommandContext } from '../context.ts';
import { classWithLabel } from '../../../shared/domain/dataset-classes.ts';

/** `--json`: the dataset as stored in the library. */
export async function run(context: CommandContext, wanted: string, name: string): Promise<void> {
  const { label, dataset } = await withStudio(context, async ({ classes }) => {
    const label = classes.mergedNamed(wanted, name);
    return { label, dataset: classes.unmerge(wanted, label) };
  });
  context.console.answer(dataset, () => {
    const { train = 0, val = 0, test = 0, excluded = 0 } = classWithLabel(dataset, label) ?? {};
    const images = counted(train + val + test + excluded, 'image');
    return [`"${name}" is a class of ${dataset.name} again, with ${images}.`];
  });
}
