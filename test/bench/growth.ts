import { measureCharts } from './growth-charts.ts';
import { measureGallery } from './growth-gallery.ts';
import { measureImport } from './growth-import.ts';
import { measureLibrary } from './growth-library.ts';
import { measureSteps } from './growth-steps.ts';
import type { Say, Section } from './table.ts';

/** Scaling measurements; `--only growth` selects all of them by the first word of their names. */
export const GROWTH: Readonly<Record<string, (say: Say) => Promise<Section>>> = {
  'growth-step-batch': (say) => measureSteps('batch', say),
  'growth-step-image': (say) => measureSteps('imageSize', say),
  'growth-step-rank': (say) => measureSteps('rank', say),
  'growth-step-kernels': (say) => measureSteps('kernels', say),
  'growth-import': measureImport,
  'growth-library': measureLibrary,
  'growth-gallery': measureGallery,
  'growth-charts': measureCharts,
};
