import { usedClasses } from '../../../shared/domain/dataset-classes.ts';
import type { RunStart } from '../../../shared/contract/window/runs.ts';
import type { SettingKey } from '../../../shared/training/settings.ts';
import type { PlanRequest } from '../../host/contract/runs.ts';
import type { Studio } from '../../host/contract/studio.ts';
import type { CommandContext } from '../context.ts';
import { estimateTraining } from '../estimate.ts';
import { onlyOne } from '../only.ts';
import { trainToItsEnd } from '../training.ts';
import { configOf, givenSettings } from '../training-config.ts';

export interface TrainOptions {
  readonly from?: string;
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
  const { from, name } = options;
  const sources = {
    preset: options.preset,
    file: options.config,
    options: shortcuts(options),
    set: options.set,
  };
  // Without a start, wrong settings are refused before the library is opened.
  const given = from === undefined ? await givenSettings(sources) : null;
  const chosen = async (
    studio: Studio,
  ): Promise<{ readonly start: RunStart | null; readonly request: PlanRequest }> => {
    const origin = from === undefined ? null : await studio.runs.start(from, options.dataset);
    const dataset =
      options.dataset ?? origin?.datasetId ?? onlyOne('dataset', studio.datasets.list());
    const start = origin === null ? null : await studio.runs.start(origin.adapterId, dataset);
    const backbone =
      options.backbone ?? start?.backboneId ?? onlyOne('backbone', studio.backbones.list());
    const classes = usedClasses(studio.datasets.get(dataset)).map((one) => one.name);
    const settings = given ?? (await givenSettings({ ...sources, start }));
    const { architecture } = studio.backbones.get(backbone);
    const config = configOf(settings, classes, architecture);
    return { start, request: { backbone, dataset, config } };
  };
  if (options.estimate === true) {
    await estimateTraining(context, async (studio) => (await chosen(studio)).request);
    return;
  }
  await trainToItsEnd(context, { resume: false }, async (studio) => {
    const { start, request } = await chosen(studio);
    const run = await studio.runs.create({
      ...request,
      ...(from === undefined ? {} : { from }),
      ...(name === undefined ? {} : { name }),
    });
    return { run, start };
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
