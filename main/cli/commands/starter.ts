import { stat } from 'node:fs/promises';
import path from 'node:path';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { Dataset, Run } from '../../../shared/domain/library.ts';
import type { Evaluation } from '../../../shared/domain/metrics.ts';
import { writeFileAtomic } from '../../formats/files.ts';
import { requireNewPath } from '../../host/services/adapters/adapter-jobs.ts';
import type { RunOutcome } from '../../host/contract/runs.ts';
import type { Studio } from '../../host/contract/studio.ts';
import type { Watching } from '../../host/contract/watching.ts';
import { withStudio, type CommandContext } from '../context.ts';
import { formatPercent } from '../output/format.ts';
import { starterCard } from '../starter/card.ts';
import {
  STARTER_EPOCHS,
  STARTER_SHAPE,
  STARTER_VALIDATION,
  starterConfig,
} from '../starter/recipe.ts';
import { unpackImages } from '../starter/zip.ts';
import { describePlan, trainableParameters, trainingSession } from '../training.ts';

const DATASET = 'starter-images';
const RUN = 'starter-run';

export interface StarterOptions {
  readonly images: string;
  /** Output folder, which must not exist. */
  readonly out?: string;
  readonly epochs?: number;
}

/**
 * Trains a starter backbone from scratch: import, train, test, write. A repeated call with the same
 * home continues where the previous one ended. `--json`: `{"out", "test": {"n","top1","loss"} |
 * null}`.
 */
export async function run(context: CommandContext, options: StarterOptions): Promise<void> {
  const { console } = context;
  const out = path.resolve(options.out ?? 'starter');
  // Fail before hours of training, not after.
  await requireNewPath(out);
  const session = trainingSession(context);
  const result = await withStudio(
    context,
    async (studio, signal) => {
      const watching = { signal, onProgress: session.view.host, onEvent: session.view.engine };
      const dataset = await imagesOf(context, studio, options, watching);
      const { run, adapter } = await trained(context, studio, dataset, options, session, signal);
      const test =
        dataset.counts.test === 0
          ? null
          : (
              await studio.evaluations.evaluate(adapter.id, {
                ...watching,
                dataset: dataset.id,
                split: 'test',
                batchSize: run.config.batchSize,
              })
            ).evaluation;
      await studio.merging.merge(adapter.id, { ...watching, dataset: dataset.id, out });
      session.view.stop();
      await writeFileAtomic(path.join(out, 'README.md'), starterCard(run, dataset.name, test));
      return { out, test };
    },
    session,
  );
  console.answer(
    { out: result.out, test: result.test === null ? null : brief(result.test) },
    () => [
      `The starter backbone is in ${result.out}`,
      ...(result.test === null
        ? []
        : [
            `Its top-1 accuracy is ${formatPercent(result.test.top1)} on ${result.test.n} test images.`,
          ]),
    ],
  );
}

function brief({ n, top1, loss }: Evaluation): Pick<Evaluation, 'n' | 'top1' | 'loss'> {
  return { n, top1, loss };
}

/**
 * Returns the images imported by an earlier call, or imports them from the folder or unpacked zip.
 */
async function imagesOf(
  context: CommandContext,
  studio: Studio,
  { images }: StarterOptions,
  watching: Watching & { readonly signal: AbortSignal },
): Promise<Dataset> {
  const known = studio.datasets.list().find((d) => d.name === DATASET);
  if (known !== undefined) return known;
  const source = path.resolve(images);
  const info = await stat(source).catch((cause: unknown) => {
    throw new KarstError('not-found', `There is nothing at ${source}.`, {
      hint: 'Name a folder with one subfolder per class, or a zip of one.',
      path: source,
      cause,
    });
  });
  const folder = info.isDirectory() ? source : path.join(context.home, DATASET);
  const unpacked = await stat(folder).then(
    () => true,
    () => false,
  );
  if (!unpacked) {
    context.console.note(`Unpacking ${source} into ${folder}`);
    const { onProgress } = watching;
    const tell = (done: number, total: number): void =>
      onProgress?.({ phase: 'saving', done, total });
    await unpackImages(source, folder, tell, watching.signal);
  }
  const { dataset } = await studio.datasets.add(folder, {
    ...watching,
    name: DATASET,
    val: STARTER_VALIDATION,
  });
  return dataset;
}

/** Returns the finished run, after starting or resuming it if necessary. */
async function trained(
  context: CommandContext,
  studio: Studio,
  dataset: Dataset,
  options: StarterOptions,
  session: ReturnType<typeof trainingSession>,
  signal: AbortSignal,
): Promise<Pick<RunOutcome, 'run' | 'adapter'>> {
  const known = studio.runs.list().find((r) => r.name === RUN);
  const run: Run =
    known ??
    (await studio.runs.create({
      backbone: STARTER_SHAPE,
      dataset: dataset.id,
      name: RUN,
      config: starterConfig(options.epochs ?? STARTER_EPOCHS),
    }));
  if (run.adapterId !== null) return { run, adapter: studio.adapters.get(run.adapterId) };
  const parameters = trainableParameters(STARTER_SHAPE, run.config, run.classes.length);
  context.console.say(...describePlan(run, parameters, context), '');
  return session.execute(studio, run, { resume: known !== undefined, signal });
}
