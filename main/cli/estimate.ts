import type { PlanRequest } from '../host/contract/runs.ts';
import type { Studio } from '../host/contract/studio.ts';
import type { CommandContext } from './context.ts';
import { formatBytes, formatCount, formatDuration, formatParameters } from './output/format.ts';
import { facts } from './output/table.ts';
import { describeMemory } from './training.ts';
import { withWatchedStudio } from './watched.ts';

/**
 * Times a few steps of a training that is not begun, and says what it would cost. `--json`: the
 * plan, as the window has it.
 */
export async function estimateTraining(
  context: CommandContext,
  requestOf: (studio: Studio) => Promise<PlanRequest>,
): Promise<void> {
  const { console } = context;
  const plan = await withWatchedStudio(context, async (studio, watching) => {
    const request = await requestOf(studio);
    await studio.plans.benchmark(request, watching);
    return studio.plans.plan(request);
  });
  for (const { error } of plan.problems) console.warn(`${error.message} ${error.hint}`.trim());
  console.answer(plan, () => {
    const { adapterParameters, headParameters, adapterBytes, steps, seconds, memoryBytes } = plan;
    const pairs: [string, string][] = [
      ['trains', `${formatParameters(adapterParameters + headParameters)} parameters`],
      ['adapter', formatBytes(adapterBytes)],
      ['steps', formatCount(steps)],
    ];
    if (memoryBytes !== null) pairs.push(['memory', describeMemory(plan, memoryBytes)]);
    if (seconds !== null) pairs.push(['time', `about ${formatDuration(seconds)}`]);
    return facts(pairs, console.dim);
  });
}
