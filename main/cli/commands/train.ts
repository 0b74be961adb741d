import { usedClasses } from '../../../shared/domain/dataset-classes.ts';
import type { SettingKey } from '../../../shared/training/settings.ts';
import type { CommandContext } from '../context.ts';
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
}

/** `--json`: see `trainToItsEnd`. */
export async function run(context: CommandContext, options: TrainOptions): Promise<void> {
  const given = await givenSettings({
    preset: options.preset,
    file: options.config,
    options: shortcuts(options),
    set: options.set,
  });
  await trainToItsEnd(context, { resume: false }, (studio) => {
    const backbone = options.backbone ?? onlyOne('backbone', studio.backbones.list());
    const dataset = options.dataset ?? onlyOne('dataset', studio.datasets.list());
    const classes = usedClasses(studio.datasets.get(dataset)).map(({ name }) => name);
    return studio.runs.create({
      ...{ backbone, dataset, config: configOf(given, classes) },
      ...(options.name === undefined ? {} : { name: options.name }),
    });
  });
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
