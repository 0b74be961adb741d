import type { Run } from '../../../shared/domain/library.ts';
import type { Studio } from '../../host/studio.ts';
import { withStudio, type CommandContext } from '../context.ts';
import {
  describeOutcome,
  describePlan,
  doneEvent,
  startedEvent,
  trainableParameters,
  trainingSession,
} from '../training.ts';

/** `--json`: the same stream as `karst train`. */
export async function run(context: CommandContext, name: string): Promise<void> {
  const { console } = context;
  const session = trainingSession(context, { stream: true });
  const outcome = await withStudio(
    context,
    async (studio, signal) => {
      const resumed = studio.runs.get(name);
      const parameters = parametersOf(studio, resumed);
      console.emit(startedEvent(resumed, parameters));
      console.say(...describePlan(resumed, parameters, context), '');
      return session.execute(studio, resumed, { resume: true, signal });
    },
    session,
  );
  console.emit(doneEvent(outcome));
  console.say('', ...describeOutcome(outcome, context));
}

/** null when the run trains a bare shape, which the library does not hold. */
function parametersOf(studio: Studio, run: Run): number | null {
  if (run.backboneId === null) return null;
  const { architecture } = studio.backbones.get(run.backboneId);
  return trainableParameters(architecture, run.config, run.classes.length);
}
