import { withStudio, type CommandContext } from '../context.ts';
import { trainingConfig } from '../training-config.ts';
import {
  describeOutcome,
  describePlan,
  doneEvent,
  startedEvent,
  trainableParameters,
  trainingSession,
} from '../training.ts';

export interface TrainOptions {
  readonly backbone: string;
  readonly dataset: string;
  readonly name?: string;
  readonly method?: string;
  readonly preset?: string;
  readonly config?: string;
  readonly set: readonly string[];
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly lr?: number;
  readonly weightDecay?: number;
  readonly imageSize?: number;
  readonly seed?: number;
}

/**
 * `--json`: one object a line: `started`, then `progress`, `metrics`, `checkpoint`, `log` as they come, at
 * last `{"event":"done","run","adapter","metrics":{"val":{"top1","loss"}},"trainableParameters"}`.
 */
export async function run(context: CommandContext, options: TrainOptions): Promise<void> {
  const { console } = context;
  const config = await trainingConfig({
    preset: options.preset,
    file: options.config,
    options: shortcuts(options),
    set: options.set,
  });
  const session = trainingSession(context, { epochs: config.schedule.epochs, stream: true });
  const outcome = await withStudio(
    context,
    async (studio, signal) => {
      const backbone = studio.backbones.get(options.backbone);
      const created = await studio.runs.create({
        backbone: backbone.id,
        dataset: options.dataset,
        config,
        ...(options.name === undefined ? {} : { name: options.name }),
      });
      const parameters = trainableParameters(backbone.architecture, config, created.classes.length);
      console.emit(startedEvent(created, parameters));
      console.say(...describePlan(created, parameters, context), '');
      return session.execute(studio, created, { resume: false, signal });
    },
    session,
  );
  console.emit(doneEvent(outcome));
  console.say('', ...describeOutcome(outcome, context));
}

function shortcuts(options: TrainOptions): Map<string, string | number> {
  const pairs: [string, string | number | undefined][] = [
    ['method', options.method],
    ['schedule.epochs', options.epochs],
    ['batchSize', options.batchSize],
    ['optimiser.learningRate', options.lr],
    ['optimiser.weightDecay', options.weightDecay],
    ['imageSize', options.imageSize],
    ['seed', options.seed],
  ];
  return new Map(pairs.filter((pair): pair is [string, string | number] => pair[1] !== undefined));
}
