import { isDeepStrictEqual } from 'node:util';
import type { EvaluateJob } from '../../../../shared/contract/engine/jobs.ts';
import type { EvaluateResult } from '../../../../shared/contract/engine/results.ts';
import type { ManifestImage, Split } from '../../../../shared/domain/dataset.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import type {
  Adapter,
  DatasetProblem,
  StoredEvaluation,
} from '../../../../shared/domain/library.ts';
import type { HomeFolders } from '../../home.ts';
import type {
  EvaluatedFile,
  EvaluatedFilter,
  EvaluatedImage,
  EvaluationRepository,
  TruthLabels,
} from '../../store/evaluations.ts';
import type { ImageRepository } from '../../store/images.ts';
import type { Library } from '../../store/library.ts';
import { newId } from '../../store/names.ts';
import { now } from '../../store/rows.ts';
import type { AdapterEvaluation, EvaluationService } from '../../contract/adapters.ts';
import type { AdapterRepository } from '../../store/adapters.ts';
import type { ClassService, DatasetService } from '../../contract/datasets.ts';
import type { JobWatching, Page } from '../../contract/watching.ts';
import type { AdapterEngines } from './adapter-engines.ts';
import { requireCount, withManifest } from './adapter-jobs.ts';
import { evaluatedClasses, type EvaluatedClasses, type KnownClasses } from './known-classes.ts';
import { labelsOfRun, presentLabels, type ClassHistory } from '../datasets/class-history.ts';
import { manifestImages } from '../manifest.ts';

const DEFAULT_BATCH = 32;

export interface EvaluationsContext {
  readonly library: Pick<Library, 'readOnly'>;
  readonly adapters: Pick<AdapterRepository, 'get'>;
  readonly evaluations: EvaluationRepository;
  readonly images: ImageRepository;
  readonly datasets: DatasetService;
  readonly known: KnownClasses;
  readonly classes: Pick<ClassService, 'history'>;
  readonly engines: AdapterEngines;
  readonly folders: HomeFolders;
}

/** Evaluates adapters on datasets and stores the predictions of every image. */
export class Evaluations implements EvaluationService {
  readonly #c: EvaluationsContext;

  constructor(context: EvaluationsContext) {
    this.#c = context;
  }

  async evaluate(
    nameOrId: string,
    options: JobWatching & { dataset: string; split?: Split; batchSize?: number },
  ): Promise<AdapterEvaluation> {
    const adapter = this.#c.adapters.get(nameOrId);
    const { datasets, images, engines, folders, known } = this.#c;
    const dataset = datasets.get(options.dataset);
    const split = options.split ?? 'val';
    // What becomes of the classes while the engine works is found in their history since.
    const createdAt = now();
    const classes = evaluatedClasses(adapter, dataset, known.labels(adapter, dataset), split);
    const batchSize = requireCount('batch-size', options.batchSize ?? DEFAULT_BATCH);
    const asked: Pick<EvaluatedImage, 'position' | 'truth'>[] = [];
    function* listed(): Generator<ManifestImage> {
      for (const image of images.all(dataset.id, split))
        for (const line of manifestImages([image], classes.indices)) {
          asked.push({ position: image.position, truth: line.labels[0] ?? -1 });
          yield line;
        }
    }
    const result = await withManifest(folders, listed(), async (manifest, n) => {
      if (n === 0)
        throw new KarstError(
          'dataset-unusable',
          `The dataset "${dataset.name}" has no ${split} image that can be used.`,
          {
            hint: `Choose another split; it has ${dataset.counts.train} train, ${dataset.counts.val} val and ${dataset.counts.test} test images.`,
          },
        );
      return (await engines.run(adapter, options, (backbone) => ({
        kind: 'evaluate',
        adapterDir: adapter.folder,
        backbone,
        manifest,
        batchSize,
        ...groupingOf(adapter, classes),
      }))) as EvaluateResult;
    });
    const { evaluation } = result;
    const stored: StoredEvaluation = {
      id: newId('evaluation'),
      adapterId: adapter.id,
      datasetId: dataset.id,
      split,
      task: datasets.task(dataset.id),
      evaluation,
      classNotes: [...classes.notes],
      createdAt,
    };
    const rows = judged(classes.names, asked, result.rows);
    if (!this.#c.library.readOnly) this.#c.evaluations.insert(stored, rows);
    return { stored, evaluation, problems: result.problems.map(toProblem) };
  }

  of(nameOrId: string): StoredEvaluation[] {
    return this.#c.evaluations.of(this.#c.adapters.get(nameOrId).id);
  }

  list(): StoredEvaluation[] {
    return this.#c.evaluations.list();
  }

  count(datasetId: string, split: Split): number {
    return this.#c.evaluations.count(datasetId, split);
  }

  get(id: string): StoredEvaluation {
    return this.#c.evaluations.get(id);
  }

  images(
    id: string,
    filter: EvaluatedFilter,
    page: Page,
  ): { total: number; images: EvaluatedFile[] } {
    const evaluation = this.get(id);
    return this.#c.evaluations.images(evaluation, this.#truthLabels(evaluation), filter, page);
  }

  corrected(id: string): number {
    const evaluation = this.get(id);
    return this.#c.evaluations.corrected(evaluation, this.#truthLabels(evaluation));
  }

  /** What became of the classes that its images had, through renames and merges. */
  #truthLabels({ datasetId, evaluation, createdAt }: StoredEvaluation): TruthLabels {
    const history: ClassHistory = {
      names: new Map(this.#c.datasets.get(datasetId).classes.map((one) => [one.index, one.name])),
      events: this.#c.classes.history(datasetId),
    };
    const names = evaluation.perClass.map(({ label }) => label);
    return presentLabels(history, labelsOfRun(history, { names, labels: null, createdAt }));
  }
}

/** The grouping of the adapter's classes, unless they are the evaluated ones. */
function groupingOf(
  { classes }: Adapter,
  { names, of }: EvaluatedClasses,
): Pick<EvaluateJob, 'grouping'> {
  return isDeepStrictEqual(names, classes) ? {} : { grouping: { classes: names, of } };
}

/** The engine's predictions of each image, by indices of the evaluated classes. */
function judged(
  classes: readonly string[],
  asked: readonly Pick<EvaluatedImage, 'position' | 'truth'>[],
  rows: EvaluateResult['rows'],
): EvaluatedImage[] {
  if (rows.length !== asked.length)
    throw new KarstError(
      'internal',
      `The engine returned predictions for ${rows.length} images instead of ${asked.length}.`,
      { hint: 'This is a fault in KARST Studio: please report it with the log.' },
    );
  const index = new Map(classes.map((name, i) => [name, i]));
  return asked.map((image, i) => {
    const first = rows[i]?.[0];
    return {
      ...image,
      predicted: first === undefined ? null : (index.get(first.label) ?? null),
      probability: first === undefined ? null : first.probability,
    };
  });
}

function toProblem({ path, error }: EvaluateResult['problems'][number]): DatasetProblem {
  const kinds: Partial<Record<typeof error.code, DatasetProblem['kind']>> = {
    'not-found': 'missing',
    'file-changed': 'changed',
  };
  return { kind: kinds[error.code] ?? 'unreadable', path, reason: error.message };
}
