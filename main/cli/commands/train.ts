import type { CommandContext } from '../context.ts';
import { onlyOne } from '../only.ts';
import { trainToItsEnd } from '../training.ts';
import type { SettingKey } from '../../../shared/training/settings.ts';
import { trainingConfig } from '../training-config.ts';

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
  const config = await trainingConfig({
    preset: options.preset,
    file: options.config,
    options: shortcuts(options),
    set: options.set,
  });
  await trainToItsEnd(context, { resume: false, epochs: config.schedule.epochs }, (studio) =>
    studio.runs.create({
      backbone: options.backbone ?? onlyOne('backbone', studio.backbones.list()),
      dataset: options.dataset ?? onlyOne('dataset', studio.datasets.list()),
      config,
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
