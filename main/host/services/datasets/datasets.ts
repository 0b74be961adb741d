import { resolve } from 'node:path';
import type { Split } from '../../../../shared/domain/dataset.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import type { Dataset, DatasetImage, DatasetProblem } from '../../../../shared/domain/library.ts';
import { isOwnerAlive, type Owner } from '../../owner.ts';
import type { DatasetRepository } from '../../store/datasets.ts';
import type { ImageRepository } from '../../store/images.ts';
import type { Library } from '../../store/library.ts';
import { checkName, newId, requireFreeName } from '../../store/names.ts';
import type { ProblemRepository } from '../../store/problems.ts';
import { now } from '../../store/rows.ts';
import type { DatasetCheck, DatasetImport, DatasetService, Watching } from '../../studio.ts';
import { CHECKED_KINDS, checkImages } from './check.ts';
import { listDataset } from './detect.ts';
import { importImages } from './import.ts';
import type { Walk } from './walk.ts';

function checkFraction(name: string, value: number): number {
  if (Number.isFinite(value) && value >= 0 && value < 1) return value;
  throw new KarstError(
    'usage',
    `--${name} is ${value}; it is a share of the images, from 0 to below 1.`,
    {
      hint: `For a fifth write --${name} 0.2.`,
    },
  );
}

export class Datasets implements DatasetService {
  readonly #library: Library;
  readonly #datasets: DatasetRepository;
  readonly #images: ImageRepository;
  readonly #problems: ProblemRepository;
  readonly #owner: Owner;

  constructor(
    library: Library,
    repositories: {
      datasets: DatasetRepository;
      images: ImageRepository;
      problems: ProblemRepository;
    },
    owner: Owner,
  ) {
    this.#library = library;
    this.#datasets = repositories.datasets;
    this.#images = repositories.images;
    this.#problems = repositories.problems;
    this.#owner = owner;
  }

  async add(
    given: string,
    options: Watching & { name: string; val?: number; test?: number; seed?: number },
  ): Promise<DatasetImport> {
    const path = resolve(given);
    const name = checkName('dataset', options.name);
    const val = checkFraction('val', options.val ?? 0.2);
    const test = checkFraction('test', options.test ?? 0);
    const seed = options.seed ?? 0;
    if (val + test >= 1)
      throw new KarstError('usage', `--val ${val} and --test ${test} leave nothing to train on.`, {
        hint: 'Choose shares whose sum is below 1.',
      });
    if (!Number.isSafeInteger(seed))
      throw new KarstError('usage', `--seed is ${seed}; it is a whole number.`, {
        hint: 'For example --seed 1.',
      });
    requireFreeName(this.#library, 'dataset', name);
    let listed = 0;
    const walk: Walk = {
      problems: [],
      seen: new Set(),
      signal: options.signal,
      onFile: () => options.onProgress?.({ phase: 'listing', done: ++listed, total: 0 }),
    };
    const listing = await listDataset(path, walk);
    const id = newId('dataset');
    this.#library.transaction(() => {
      requireFreeName(this.#library, 'dataset', name);
      this.#datasets.begin(
        {
          id,
          name,
          path,
          layout: listing.layout,
          valFraction: val,
          testFraction: test,
          seed,
          importingBy: this.#owner,
          createdAt: now(),
        },
        listing.classes,
      );
    });
    try {
      const problems = await importImages(id, listing, this.#images, {
        ...options,
        path,
        val,
        test,
        seed,
      });
      this.#library.transaction(() => {
        this.#problems.replace(id, [], problems);
        this.#datasets.publish(id);
      });
      return { dataset: this.#datasets.get(id), problems };
    } catch (error) {
      this.#datasets.remove(id);
      throw error;
    }
  }

  list(): Dataset[] {
    return this.#datasets.list();
  }

  get(nameOrId: string): Dataset {
    return this.#datasets.get(nameOrId);
  }

  images(nameOrId: string, split?: Split): IterableIterator<DatasetImage> {
    return this.#images.all(this.get(nameOrId).id, split);
  }

  image(datasetId: string, position: number): DatasetImage {
    const image = this.#images.at(datasetId, position);
    if (image !== null) return image;
    throw new KarstError('not-found', `There is no image ${position} in that dataset.`, {
      hint: 'It may have been removed from the library.',
    });
  }

  problems(nameOrId: string): DatasetProblem[] {
    return this.#problems.list(this.get(nameOrId).id);
  }

  async check(nameOrId: string, options: Watching = {}): Promise<DatasetCheck> {
    const { id } = this.get(nameOrId);
    const { checked, problems } = await checkImages(id, this.#images, options);
    this.#problems.replace(id, CHECKED_KINDS, problems);
    return { dataset: this.get(id), checked, problems };
  }

  remove(nameOrId: string): Dataset {
    const dataset = this.get(nameOrId);
    this.#datasets.remove(dataset.id);
    return dataset;
  }

  /** Takes away what imports of processes that are gone left half done. */
  removeLeftovers(): void {
    for (const { id, owner } of this.#datasets.importing())
      if (!isOwnerAlive(owner)) this.#datasets.remove(id);
  }
}
