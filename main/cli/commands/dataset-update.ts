import type { SourceOptions } from '../../host/contract/datasets.ts';
import type { CommandContext } from '../context.ts';
import { grow } from '../growing.ts';

/** `--json`: see `grow`. */
export async function run(
  context: CommandContext,
  name: string,
  { dryRun = false, ...source }: SourceOptions & { dryRun?: boolean },
): Promise<void> {
  await grow(
    context,
    ({ growth }, watching) => growth.planUpdate(name, { ...source, ...watching }),
    { dryRun, nothing: 'Nothing is new, changed or missing.' },
  );
}
