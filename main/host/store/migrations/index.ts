import { projects } from './0001-projects.ts';
import { backbones } from './0002-backbones.ts';
import { datasets } from './0003-datasets.ts';
import { runs } from './0004-runs.ts';
import { adapters } from './0005-adapters.ts';
import { results } from './0006-results.ts';
import { projectsAndGallery } from './0007-projects-and-gallery.ts';
import { runQueue } from './0008-run-queue.ts';
import { shelf } from './0009-shelf.ts';
import { settings } from './0010-settings.ts';
import { recomputation } from './0011-recomputation.ts';
import { sharedSearchText } from './0012-shared-search-text.ts';
import { tensorPrefix } from './0013-tensor-prefix.ts';
import { severalLabels } from './0014-several-labels.ts';
import { growingDatasets } from './0015-growing-datasets.ts';
import { backboneFiles } from './0016-backbone-files.ts';
import { weightsMoreThanOnce } from './0017-weights-more-than-once.ts';
import type { Migration } from './migration.ts';

/** All steps in order; a new one goes at the end, in a file of its own. */
export const MIGRATIONS: readonly Migration[] = [
  projects,
  backbones,
  datasets,
  runs,
  adapters,
  results,
  projectsAndGallery,
  runQueue,
  shelf,
  settings,
  recomputation,
  sharedSearchText,
  tensorPrefix,
  severalLabels,
  growingDatasets,
  backboneFiles,
  weightsMoreThanOnce,
];
