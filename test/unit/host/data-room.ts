import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { homeFolders } from '../../../main/host/home.ts';
import { newOwner, releaseOwner } from '../../../main/host/owner.ts';
import { Backbones } from '../../../main/host/services/backbones/backbones.ts';
import { AugmentationPreviews } from '../../../main/host/services/datasets/augmentation-previews.ts';
import { Classes } from '../../../main/host/services/datasets/classes.ts';
import { Datasets } from '../../../main/host/services/datasets/datasets.ts';
import { searchKeyOf } from '../../../main/host/services/datasets/file-name.ts';
import { Projects } from '../../../main/host/services/projects.ts';
import { BackboneRepository } from '../../../main/host/store/backbones.ts';
import { BinRepository } from '../../../main/host/store/bin.ts';
import { ClassRepository } from '../../../main/host/store/classes.ts';
import { DatasetRepository } from '../../../main/host/store/datasets.ts';
import { ImageRepository, type NewImage } from '../../../main/host/store/images.ts';
import type { Library } from '../../../main/host/store/library.ts';
import { NoteRepository } from '../../../main/host/store/notes.ts';
import { closeLibrary, openLibrary } from '../../../main/host/store/open-library.ts';
import { ProblemRepository } from '../../../main/host/store/problems.ts';
import { ProjectRepository } from '../../../main/host/store/projects.ts';
import { SourceRepository } from '../../../main/host/store/sources.ts';
import type { Dataset } from '../../../shared/domain/library.ts';
import { spawnChildEngine } from '../../../main/host/engine/child-engine.ts';
import { JobRegistry } from '../../../main/host/engine/job-registry.ts';
import { temporaryFolder } from './support.ts';

/** The nominal source folder of entered datasets. */
export const SOURCE = '/pictures/Küste 2';

/** An image of an entered dataset; omitted properties get defaults. */
export type EnteredImage = Partial<Omit<NewImage, 'position' | 'searchKey'>> & {
  readonly file: string;
};

/** The data services on a separate library, without files or threads. */
export class DataRoom {
  readonly home: string;
  readonly library: Library;
  readonly images: ImageRepository;
  readonly datasetRows: DatasetRepository;
  readonly problemRows: ProblemRepository;
  readonly sourceRows: SourceRepository;
  readonly datasets: Datasets;
  readonly classRows: ClassRepository;
  readonly classes: Classes;
  readonly backbones: Backbones;
  readonly projects: Projects;
  readonly #owner: string;

  constructor(home: string, library: Library, owner: string) {
    this.home = home;
    this.library = library;
    this.#owner = owner;
    this.images = new ImageRepository(library);
    this.datasetRows = new DatasetRepository(library);
    this.problemRows = new ProblemRepository(library);
    this.sourceRows = new SourceRepository(library);
    const previews = new AugmentationPreviews(
      spawnChildEngine,
      join(home, 'cache'),
      new JobRegistry(),
    );
    this.datasets = new Datasets(
      library,
      {
        datasets: this.datasetRows,
        images: this.images,
        problems: this.problemRows,
        bin: new BinRepository(library),
        sources: this.sourceRows,
        previews,
      },
      owner,
    );
    this.classRows = new ClassRepository(library);
    this.classes = new Classes({
      library,
      classes: this.classRows,
      datasets: this.datasetRows,
      images: this.images,
      problems: this.problemRows,
    });
    this.backbones = new Backbones(library, new BackboneRepository(library));
    const notes = new NoteRepository(library);
    this.projects = new Projects({
      library,
      notes,
      projects: new ProjectRepository(library, notes),
      datasets: this.datasets,
      backbones: this.backbones,
    });
  }

  /**
   * Enters a dataset without reading files; unless given, an image's hash is derived from its name.
   */
  enter(
    name: string,
    classes: readonly string[],
    images: Iterable<EnteredImage>,
    task = 'single-label',
  ): Dataset {
    const id = `ds-${name}`;
    this.datasetRows.begin(
      {
        id,
        name,
        path: SOURCE,
        layout: 'class-folders',
        valFraction: 0.2,
        testFraction: 0,
        seed: 0,
        task,
        importingBy: this.#owner,
        createdAt: '2026-01-01T00:00:00.000Z',
      },
      classes,
    );
    this.sourceRows.replace(id, [{ path: SOURCE, layout: null, encoding: null, label: null }]);
    let position = 0;
    const rows = Array.from(images, ({ file, ...given }): NewImage => {
      const path = `${SOURCE}/${file}`;
      return {
        position: position++,
        path,
        sha256: createHash('sha256').update(file).digest('hex'),
        bytes: 1000,
        width: 640,
        height: 480,
        label: 0,
        split: 'train',
        state: 'ok',
        reason: null,
        duplicateOf: null,
        givenSplit: null,
        searchKey: searchKeyOf([SOURCE], path),
        ...given,
      };
    });
    this.images.insert(id, rows);
    this.datasetRows.publish(id, [
      ...new Set(rows.flatMap(({ givenSplit }) => (givenSplit === null ? [] : [givenSplit]))),
    ]);
    return this.datasets.get(id);
  }

  async close(): Promise<void> {
    await this.datasets.close();
    closeLibrary(this.library, this.#owner);
    releaseOwner(this.#owner);
  }
}

const rooms: DataRoom[] = [];

afterEach(async () => {
  for (const room of rooms.splice(0)) await room.close();
});

/** Opens a room that is closed after the test. */
export async function dataRoom(): Promise<DataRoom> {
  const home = join(temporaryFolder(), 'home');
  const owner = newOwner();
  const { library } = await openLibrary(homeFolders(home), owner);
  const room = new DataRoom(home, library, owner);
  rooms.push(room);
  return room;
}
