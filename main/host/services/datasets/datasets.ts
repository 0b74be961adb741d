import { resolve } from 'node:path';
import type { DatasetOutlook } from '../../../../shared/contract/window/dataset-source.ts';
import type { ImageFilter } from '../../../../shared/contract/window/datasets.ts';
import {
  SPLITS,
  sourceSplit,
  type Split,
  type SplitDraw,
} from '../../../../shared/domain/dataset.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import type { Dataset, DatasetProblem } from '../../../../shared/domain/library.ts';
import { nameOfPath } from '../../../../shared/domain/name-of-path.ts';
import { singleLabel } from '../../../../shared/tasks/single-label.ts';
import { CHECKED_KINDS } from '../../../../shared/domain/problem-kinds.ts';
import { isOwnerAlive, type Owner } from '../../owner.ts';
import type { BinRepository } from '../../store/bin.ts';
import type { DatasetRepository } from '../../store/datasets.ts';
import type { ImageChange, ImageRepository, StoredImage } from '../../store/images.ts';
import type { Library } from '../../store/library.ts';
import { checkName, freeName, newId, requireFreeName } from '../../store/names.ts';
import type { ProblemPage, ProblemRepository } from '../../store/problems.ts';
import { now } from '../../store/rows.ts';
import type { SourceRepository } from '../../store/sources.ts';
import type {
  AddOptions,
  AugmentationRequest,
  DatasetCheck,
  DatasetImport,
  DatasetService,
  GalleryEntry,
  SourceOptions,
  SplitPreview,
} from '../../contract/datasets.ts';
import type { Page, Watching } from '../../contract/watching.ts';
import { validateAugmentation } from '../training-config.ts';
import type { AugmentationPreviews } from './augmentation-previews.ts';
import { checkImages } from './check.ts';
import { listDataset } from './detect.ts';
import { checkDraw, type Draw } from './draw.ts';
import { changeImages, refreshFindings } from './edits.ts';
import { fileBelow } from './file-name.ts';
import { importImages } from './import.ts';
import type { Listing } from './listing.ts';
import { previewOf } from './preview.ts';
import { newWalk } from './new-walk.ts';
import { ImportQuestion } from './question.ts';
import { applyPlan, countMoved, planResplit, restoreSplit } from './resplit.ts';

export class Datasets implements DatasetService {
  readonly #library: Library;
  readonly #datasets: DatasetRepository;
  readonly #images: ImageRepository;
  readonly #problems: ProblemRepository;
  readonly #bin: BinRepository;
  readonly #sources: SourceRepository;
  readonly #previews: AugmentationPreviews;
  readonly #owner: Owner;

  constructor(
    library: Library,
    parts: {
      datasets: DatasetRepository;
      images: ImageRepository;
      problems: ProblemRepository;
      bin: BinRepository;
      sources: SourceRepository;
      previews: AugmentationPreviews;
    },
    owner: Owner,
  ) {
    this.#library = library;
    this.#datasets = parts.datasets;
    this.#images = parts.images;
    this.#problems = parts.problems;
    this.#bin = parts.bin;
    this.#sources = parts.sources;
    this.#previews = parts.previews;
    this.#owner = owner;
  }

  async add(given: string, options: AddOptions): Promise<DatasetImport> {
    const path = resolve(given);
    const draw = checkDraw({
      val: options.val ?? 0.2,
      test: options.test ?? 0,
      seed: options.seed ?? 0,
    });
    const wanted = options.name === undefined ? null : this.checkNewName(options.name, path);
    const listing = await listDataset(path, newWalk(options), options.as);
    options.onListed?.(previewOf(listing));
    const id = this.#begin(wanted ?? this.#nameFor(path), path, listing, { ...options, ...draw });
    try {
      const problems = await importImages(id, listing, this.#images, { ...options, ...draw, path });
      this.#library.transaction(() => {
        this.#problems.replace(id, [], problems);
        this.#datasets.publish(id, givenSplitsOf(listing));
      });
      return { dataset: this.#datasets.get(id), problems };
    } catch (error) {
      this.#datasets.remove(id);
      throw error;
    }
  }

  async preview(path: string, options: Watching & SourceOptions = {}): Promise<DatasetOutlook> {
    try {
      return previewOf(await listDataset(resolve(path), newWalk(options), options.as));
    } catch (error) {
      if (error instanceof ImportQuestion) return error.question;
      throw error;
    }
  }

  /** Inserts the dataset, hidden until it is complete. Returns its id. */
  #begin(name: string, path: string, listing: Listing, options: Draw & SourceOptions): string {
    const id = newId('dataset');
    this.#library.transaction(() => {
      this.checkNewName(name, path);
      this.#datasets.begin(
        {
          id,
          name,
          path,
          layout: listing.layout,
          valFraction: options.val,
          testFraction: options.test,
          seed: options.seed,
          task: singleLabel.name,
          importingBy: this.#owner,
          createdAt: now(),
        },
        listing.classes,
      );
      const { as: layout = null, encoding = null } = options;
      this.#sources.replace(id, [{ path, layout, encoding, label: null }]);
    });
    return id;
  }

  #nameFor(path: string): string {
    return freeName(this.#library, 'dataset', checkName('dataset', nameOfPath(path)));
  }

  checkNewName(wanted: string, given: string): string {
    const name = checkName('dataset', wanted);
    const path = resolve(given);
    const same = this.list().find((dataset) => dataset.name === name && dataset.path === path);
    if (same !== undefined)
      throw new KarstError(
        'already-added',
        `${path} is in the library already, as "${name}" (${same.id}).`,
        {
          hint: `Open "${name}" and find new files in it, remove it first, or choose another name.`,
          entry: name,
          option: `karst dataset check ${same.id}`,
          path,
        },
      );
    requireFreeName(this.#library, 'dataset', name);
    return name;
  }

  list(): Dataset[] {
    return this.#datasets.list();
  }

  get(nameOrId: string): Dataset {
    return this.#datasets.get(nameOrId);
  }

  images(nameOrId: string, split?: Split): IterableIterator<StoredImage> {
    return this.#images.all(this.#datasets.source(nameOrId).id, split);
  }

  sources(nameOrId: string): string[] {
    return this.#sources.paths(this.#datasets.source(nameOrId).id);
  }

  task(nameOrId: string): string {
    return this.#datasets.task(nameOrId);
  }

  image(nameOrId: string, position: number): GalleryEntry {
    const { id } = this.#datasets.source(nameOrId);
    return toEntry(this.#sources.paths(id), this.#images.get(id, position));
  }

  imageAt(nameOrId: string, file: string): GalleryEntry | null {
    const { id } = this.#datasets.source(nameOrId);
    const image = this.#images.withPath(id, file);
    return image === null ? null : toEntry(this.#sources.paths(id), image);
  }

  gallery(
    nameOrId: string,
    filter: ImageFilter,
    page: Page,
  ): { total: number; images: GalleryEntry[] } {
    const { id } = this.#datasets.source(nameOrId);
    const { total, images } = this.#images.page(id, filter, page);
    const sources = this.#sources.paths(id);
    return { total, images: images.map((image) => toEntry(sources, image)) };
  }

  problems(nameOrId: string): DatasetProblem[] {
    return this.#problems.list(this.get(nameOrId).id);
  }

  problemPage(nameOrId: string, page: Page): ProblemPage {
    return this.#problems.page(this.#datasets.source(nameOrId).id, page);
  }

  async check(nameOrId: string, options: Watching = {}): Promise<DatasetCheck> {
    const { id } = this.get(nameOrId);
    const { checked, problems: found } = await checkImages(id, this.#images, options);
    return this.#library.transaction(() => {
      // It may have been removed since.
      const dataset = this.get(id);
      this.#problems.replaceOfImages(id, CHECKED_KINDS, found);
      refreshFindings(dataset, this.#images, this.#problems);
      this.#datasets.touch(id);
      return { dataset, checked, problems: this.#problems.list(id) };
    });
  }

  rename(nameOrId: string, wanted: string): Dataset {
    const name = checkName('dataset', wanted);
    return this.#library.transaction(() => {
      const dataset = this.get(nameOrId);
      if (name !== dataset.name) {
        requireFreeName(this.#library, 'dataset', name);
        this.#datasets.rename(dataset.id, name);
      }
      return this.get(dataset.id);
    });
  }

  change(
    nameOrId: string,
    which: readonly number[] | ImageFilter,
    change: ImageChange,
  ): { changed: number; dataset: Dataset } {
    return this.#edit(nameOrId, (dataset) => changeImages(dataset, this.#images, which, change));
  }

  previewSplit(nameOrId: string, options: SplitDraw): SplitPreview {
    const { id } = this.#datasets.source(nameOrId);
    const plan = planResplit(id, this.#images, checkDraw(options), options.redrawGiven ?? false);
    return { counts: plan.counts, moved: countMoved(plan) };
  }

  resplit(nameOrId: string, options: SplitDraw): { moved: number; dataset: Dataset } {
    const { val, test, seed } = checkDraw(options);
    const { changed: moved, dataset } = this.#edit(nameOrId, (before) => {
      const { id } = before;
      const plan = planResplit(id, this.#images, options, options.redrawGiven ?? false);
      const count = countMoved(plan);
      if (count === 0) return 0;
      const former = { ...sourceSplit(before), ...plan.former };
      this.#datasets.setDraw(id, { val, test, seed }, former);
      applyPlan(id, this.#images, plan);
      return count;
    });
    return { moved, dataset };
  }

  undoSplit(nameOrId: string): { moved: number; dataset: Dataset } {
    const { changed: moved, dataset } = this.#edit(nameOrId, ({ id, name }) => {
      const former = this.#datasets.formerSplit(id);
      if (former === null)
        throw new KarstError('not-found', `The dataset "${name}" has no re-split to undo.`, {
          hint: 'Only the latest one can be undone, once; re-split it again instead.',
        });
      this.#datasets.setDraw(id, former, null);
      return restoreSplit(id, this.#images, former);
    });
    return { moved, dataset };
  }

  /** All or nothing; derived problems are recomputed if any image has changed. */
  #edit(
    nameOrId: string,
    work: (dataset: Dataset) => number,
  ): { changed: number; dataset: Dataset } {
    return this.#library.transaction(() => {
      const { id } = this.get(nameOrId);
      const changed = work(this.get(id));
      if (changed > 0) {
        this.#datasets.touch(id);
        refreshFindings(this.get(id), this.#images, this.#problems);
      }
      return { changed, dataset: this.get(id) };
    });
  }

  async augment(nameOrId: string, request: AugmentationRequest): Promise<readonly string[][]> {
    validateAugmentation(request.augmentation);
    const { id } = this.#datasets.source(nameOrId);
    const images = request.positions.map((position) => this.#images.get(id, position));
    return this.#previews.make(id, images, request);
  }

  remove(nameOrId: string): Dataset {
    return this.#library.transaction(() => {
      const dataset = this.get(nameOrId);
      const { id, name } = dataset;
      this.#bin.put({ id, kind: 'dataset', name, folder: '', bytes: 0, removedAt: now() });
      return dataset;
    });
  }

  /** Removes unfinished imports of processes that have gone. */
  removeLeftovers(): void {
    for (const { id, owner } of this.#datasets.importing())
      if (!isOwnerAlive(owner)) this.#datasets.remove(id);
  }

  /** Cancels running previews and removes their files. */
  async close(): Promise<void> {
    await this.#previews.close();
  }
}

function toEntry(sources: readonly string[], image: StoredImage): GalleryEntry {
  return { ...image, file: fileBelow(sources, image.path) };
}

function givenSplitsOf(listing: Listing): Split[] {
  return SPLITS.filter((split) => listing.images.some((image) => image.split === split));
}
