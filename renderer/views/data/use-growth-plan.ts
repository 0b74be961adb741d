import type {
  DatasetQuestion,
  GrowthOutlook,
} from '../../../shared/contract/window/dataset-source.ts';
import type { Input } from '../../../shared/contract/window/procedures.ts';
import type { Task, TaskResult } from '../../../shared/contract/window/tasks.ts';
import { useLook, type Look } from './use-look.ts';

type Changes = Extract<GrowthOutlook, { kind: 'changes' }>;

/** Of a dataset's own source only layouts can be chosen, not a folder inside it. */
function outlookOf(result: TaskResult): Changes | DatasetQuestion | null {
  if (result.kind !== 'growth') return null;
  const { outlook } = result;
  return outlook.kind === 'layout'
    ? { ...outlook, readings: outlook.readings.filter(({ as }) => as !== null) }
    : outlook;
}

/**
 * Looks for what a dataset would take.
 *
 * @param start null if there is nothing to look at yet
 */
export function useGrowthPlan(
  start: (answers: Pick<Input<'datasets.planUpdate'>, 'as' | 'encoding'>) => Promise<Task> | null,
  source: () => string = () => '',
): Look<Changes> {
  return useLook<Changes>(
    ({ reading, encoding }) => {
      const as = reading?.as ?? null;
      return start({ ...(as === null ? {} : { as }), ...(encoding === null ? {} : { encoding }) });
    },
    outlookOf,
    source,
  );
}
