import type { SourceOptions } from '../../host/contract/datasets.ts';
import type { CommandContext } from '../context.ts';
import { grow } from '../growing.ts';

/** `--json`: see `grow`. */
export async function run(
  context: CommandContext,
  name: string,
  paths: readonly string[],
  options: SourceOptions & { class?: string; dryRun?: boolean },
): Promise<void> {
  const { class: wanted, dryRun = false, ...source } = options;
  await grow(
    context,
    ({ datasets, growth }, watching) => {
      const className = wanted?.trim().normalize('NFC');
      const known = datasets.get(name).classes.find((one) => one.name === className);
      const into =
        className === undefined
          ? {}
          : { into: known === undefined ? { newClass: className } : { label: known.index } };
      return growth.planAddition(name, paths, { ...source, ...into, ...watching });
    },
    { dryRun, nothing: 'Nothing is new.' },
  );
}
