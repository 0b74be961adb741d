import { usedClasses } from '../../../shared/domain/dataset-classes.ts';
import type { SettingKey } from '../../../shared/training/settings.ts';
import type { PlanRequest } from '../../host/contract/runs.ts';
import type { Studio } from '../../host/contract/studio.ts';
import type { CommandContext } from '../context.ts';
import { estimateTraining } from '../estimate.ts';
import { onlyOne } from '../only.ts';
import { trainToItsEnd } from '../training.ts';
import { configOf, givenSettings } from '../training-config.ts';

export interface TrainOptions {
  readonly backbone?: string;
  readonly dataset?: string;
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
  readonly estimate?: boolean;
}

/** `--json`: see `trainToItsEnd`, and with `--estimate` `estimateTraining`. */
export async function run(context: CommandContext, options: TrainOptions): Promise<void> {
  const given = await givenSettings({
    preset: options.preset,
    file: options.config,
    options: shortcuts(options),
    set: options.set,
  });
  const requestOf = (studio: Studio): PlanRequest => {
    const backbone = options.backbone ?? onlyOne('backbone', studio.backbones.list());
    const dataset = options.dataset ?? onlyOne('dataset', studio.datasets.list());
    const classes = usedClasses(studio.datasets.get(dataset)).map(({ name }) => name);
    return { backbone, dataset, config: configOf(given, classes) };
  };
  if (options.estimate === true) await estimateTraining(context, requestOf);
  else
    await trainToItsEnd(context, { resume: false }, (studio) =>
      studio.runs.create({
        ...requestOf(studio),
        ...(options.name === undefined ? {} : { name: options.name }),
      }),
    );
}

function shortcuts(options: TrainOptions): Map<SettingKey, string | number> {
  const pairs: [SettingKey, string | number | undefined][] = [
    ['method', options.method],
    ['schedule.epochs', options.epochs],
    ['batchSize', options.batchSize],
    ['optimizer.learningRate', options.lr],
    ['optimizer.weightDecay', options.weightDecay],
    ['imageSize', options.imageSize],
    ['seed', options.seed],
  ];
  return new Map(
    pairs.filter((pair): pair is [SettingKey, string | number] => pair[1] !== undefined),
  );
}
