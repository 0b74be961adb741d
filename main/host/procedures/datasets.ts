import { basename } from 'node:path';
import type { Handlers } from '../../../shared/contract/window/procedures.ts';
import type {
  GalleryImage,
  datasetProcedures as procedures,
} from '../../../shared/contract/window/datasets.ts';
import type { Preprocessing } from '../../../shared/domain/preprocessing.ts';
import { countProblems } from '../../../shared/domain/problem-kinds.ts';
import { DEFAULT_PREPROCESSING } from '../../formats/preprocessing/assumed.ts';
import type { ProcedureContext } from './context.ts';
import { datasetChanged } from './dataset-changed.ts';
import type { GalleryEntry } from '../contract/datasets.ts';
import { datasetImageOf } from '../media/media-registry.ts';

export function datasetProcedures(context: ProcedureContext): Handlers<keyof typeof procedures> {
  const { datasets, projects } = context.studio;
  const { emit, tasks, media } = context;
  const changed = datasetChanged(emit);
  return {
    'datasets.list': () => datasets.list(),
    'datasets.get': ({ id }) => datasets.get(id),
    'datasets.preview': ({ path, ...source }) =>
      tasks.start('dataset-preview', basename(path), async ({ signal, host }) => ({
        kind: 'outlook',
        outlook: await datasets.preview(path, { ...source, signal, onProgress: host }),
      })),
    'datasets.import'({ path, as, encoding, name: wanted, val, test, seed, projectId }) {
      // Refuse early what needs no reading of many files.
      const name = datasets.checkNewName(wanted, path);
      const project = projectId === null ? null : projects.get(projectId);
      return tasks.start('dataset-import', name, async ({ signal, host }) => {
        const { dataset, problems } = await datasets.add(path, {
          as,
          encoding,
          name,
          val,
          test,
          seed,
          signal,
          onProgress: host,
        });
        if (project !== null) projects.attachDataset(project.id, dataset.id);
        changed(dataset);
        return { kind: 'dataset', datasetId: dataset.id, problems: countProblems(problems) };
      });
    },
    'datasets.check'({ id: wanted }) {
      const { id, name } = datasets.get(wanted);
      return tasks.start('dataset-check', name, async ({ signal, host }) => {
        try {
          const { problems } = await datasets.check(id, { signal, onProgress: host });
          return { kind: 'dataset', datasetId: id, problems: countProblems(problems) };
        } finally {
          // A cancelled check keeps its findings so far.
          emit('library', { part: 'datasets', id });
        }
      });
    },
    'datasets.rename': ({ id, name }) => changed(datasets.rename(id, name)),
    'datasets.remove'({ id }) {
      changed(datasets.remove(id));
      for (const part of ['bin', 'evaluations', 'runs'] as const)
        emit('library', { part, id: null });
      return {};
    },
    'datasets.problems': ({ id, ...page }) => datasets.problemPage(id, page),
    'datasets.images'({ id, filter, ...page }) {
      const { total, images } = datasets.gallery(id, filter, page);
      return { total, images: images.map((image) => toGalleryImage(id, image)) };
    },
    'datasets.image'({ id, media: name }) {
      const known = datasetImageOf(name);
      const image =
        known?.datasetId === id
          ? datasets.image(id, known.position)
          : datasets.imageAt(id, media.pathOf(name));
      return image === null ? null : toGalleryImage(id, image);
    },
    'datasets.changeImages'({ id, images, change }) {
      const outcome = datasets.change(id, images, change);
      if (outcome.changed > 0) changed(outcome.dataset);
      return outcome;
    },
    'datasets.previewSplit': ({ id, ...draw }) => datasets.previewSplit(id, draw),
    'datasets.resplit'({ id, ...draw }) {
      const outcome = datasets.resplit(id, draw);
      if (outcome.moved > 0) changed(outcome.dataset);
      return outcome;
    },
    'datasets.undoSplit'({ id }) {
      const outcome = datasets.undoSplit(id);
      changed(outcome.dataset);
      return outcome;
    },
    async 'datasets.augment'({ id, positions, augmentation, imageSize, copies, seed, backboneId }) {
      const pictures = await datasets.augment(id, {
        positions,
        preprocessing: preprocessingOf(context, backboneId, imageSize),
        augmentation,
        copies,
        seed,
      });
      return {
        images: positions.map((position, i) => ({
          position,
          copies: (pictures[i] ?? []).map((path) => media.register(path)),
        })),
      };
    },
  };
}

function toGalleryImage(datasetId: string, image: GalleryEntry): GalleryImage {
  const { position, file, width, height, bytes, label, split, state, excluded, reason } = image;
  const media = `d.${datasetId}.${position}`;
  return { position, media, file, width, height, bytes, label, split, state, excluded, reason };
}

function preprocessingOf(
  { studio }: ProcedureContext,
  backboneId: string | undefined,
  imageSize: number,
): Preprocessing {
  const usual =
    backboneId === undefined
      ? DEFAULT_PREPROCESSING
      : studio.backbones.get(backboneId).preprocessing;
  return { ...usual, imageSize };
}
