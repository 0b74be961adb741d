import * as v from 'valibot';
import { STRENGTHS } from '../../../shared/domain/backbone-catalogue.ts';
import { FILTERS } from '../../../shared/domain/preprocessing.ts';
import { ERROR_CODES } from '../../../shared/domain/error-report.ts';
import { RUN_STATES } from '../../../shared/domain/library.ts';
import { METHOD_NAMES } from '../../../shared/methods/registry.ts';
import { ADVICE_KINDS } from '../../../shared/training/run-advice.ts';

/**
 * Schemas of the command line's `--json` output. They are strict: missing or additional keys fail.
 */

const text = v.pipe(v.string(), v.nonEmpty());
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const fraction = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const moment = v.pipe(v.string(), v.isoTimestamp());
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const splitCounts = v.strictObject({ train: count, val: count, test: count });

const errorReport = v.strictObject({
  code: v.picklist(ERROR_CODES),
  message: text,
  hint: v.string(),
  path: v.optional(text),
  entry: v.optional(text),
});
export const errorDocument = v.strictObject({ error: errorReport });

const architecture = v.strictObject({
  family: v.literal('vit'),
  imageSize: count,
  patchSize: count,
  width: count,
  depth: count,
  heads: count,
  mlpDim: count,
  qkvBias: v.boolean(),
  classes: count,
  layerNormEpsilon: v.number(),
});
export const backbone = v.strictObject({
  id: text,
  name: text,
  path: text,
  sha256,
  bytes: count,
  modifiedMs: v.number(),
  files: v.array(v.strictObject({ path: text, bytes: count, modifiedMs: v.number(), sha256 })),
  container: v.picklist(['safetensors', 'npz', 'torch']),
  source: v.picklist(['timm', 'timm-eva', 'huggingface', 'open_clip', 'original', 'npz']),
  dtype: v.picklist(['F32', 'F16', 'BF16']),
  architecture,
  preprocessing: v.strictObject({
    imageSize: count,
    interpolation: v.picklist(FILTERS),
    cropFraction: v.number(),
    cropMode: v.picklist(['center', 'squash', 'border']),
    mean: v.strictTuple([v.number(), v.number(), v.number()]),
    std: v.strictTuple([v.number(), v.number(), v.number()]),
    borderColour: v.exactOptional(v.strictTuple([count, count, count])),
    cropRounding: v.exactOptional(v.literal('down')),
    rescale: v.exactOptional(v.literal('before-resizing')),
  }),
  timmName: v.nullable(text),
  headsFrom: v.picklist(['config.json', 'metadata', 'option', 'default']),
  preprocessingFrom: v.picklist([
    'config.json',
    'preprocessor_config.json',
    'open_clip_config.json',
    'metadata',
    'option',
    'default',
  ]),
  assumed: v.array(
    v.strictObject({
      what: text,
      value: v.union([text, v.number(), v.boolean(), v.array(v.number())]),
      from: v.picklist(['config.json', 'metadata', 'option', 'default']),
    }),
  ),
  positionRule: v.picklist(['timm', 'torch-bicubic', 'dinov2', 'bilinear']),
  labels: v.nullable(v.array(v.string())),
  licence: v.nullable(text),
  revision: v.nullable(text),
  tensorPrefix: v.string(),
  createdAt: moment,
});

const strength = v.picklist(STRENGTHS);
export const catalogue = v.array(
  v.strictObject({
    ...{ name: text, address: text, family: text, trainedOn: text, strength },
    ...{ parameters: count, pixels: count, bytes: v.nullable(count) },
    ...{ licence: text, commercial: v.boolean(), gated: v.boolean() },
    backbone: v.nullable(text),
    epoch: v.nullable(
      v.strictObject({
        ...{ backboneId: text, method: text, images: count, imageSize: count },
        seconds: v.number(),
      }),
    ),
  }),
);
export const gotBackbone = v.strictObject({
  backbone,
  offer: v.strictObject({
    ...{ address: text, revision: text, host: text, folder: text },
    files: v.array(v.strictObject({ path: text, bytes: count })),
    ...{ bytes: count, missingBytes: count, freeBytes: v.nullable(count) },
    ...{ licence: v.nullable(text), gated: v.boolean() },
  }),
  hosts: v.array(text),
});
export const foundBackbones = v.array(
  v.strictObject({
    ...{ path: text, name: text, place: v.picklist(['huggingface', 'torch']), bytes: count },
    backboneId: v.nullable(text),
    architecture: v.nullable(architecture),
    error: v.nullable(errorReport),
  }),
);

const problem = v.strictObject({
  kind: text,
  path: text,
  reason: text,
  line: v.optional(count),
});
const datasetEntries = {
  id: text,
  name: text,
  path: text,
  layout: v.picklist(['class-folders', 'split-folders', 'list-files', 'table']),
  classes: v.array(
    v.strictObject({
      ...{ index: count, name: text, train: count, val: count, test: count },
      ...{ excluded: count, leftOut: v.boolean() },
    }),
  ),
  counts: splitCounts,
  excluded: count,
  unusable: count,
  duplicates: count,
  bytes: count,
  valFraction: fraction,
  testFraction: fraction,
  seed: count,
  givenSplits: v.array(v.picklist(['train', 'val', 'test'])),
  hasFormerSplit: v.boolean(),
  createdAt: moment,
};
export const dataset = v.strictObject(datasetEntries);
export const datasetImport = v.strictObject({ dataset, problems: v.array(problem) });
export const datasetCheck = v.strictObject({ dataset, checked: count, problems: v.array(problem) });
export const datasetSplit = v.strictObject({ ...datasetEntries, moved: count });
const classEvent = v.strictObject({
  at: moment,
  kind: v.picklist(['added', 'renamed', 'merged', 'unmerged', 'left-out', 'included']),
  label: count,
  formerName: v.nullable(text),
  name: text,
  intoLabel: v.nullable(count),
  images: count,
});
export const datasetShown = v.strictObject({
  ...datasetEntries,
  problems: v.array(problem),
  history: v.array(classEvent),
});

const changes = v.strictObject({
  added: count,
  classes: v.array(v.strictObject({ name: text, images: count, isNew: v.boolean() })),
  changed: count,
  missing: count,
  unreadable: count,
  back: count,
  known: count,
  unlisted: count,
});
export const datasetPlanned = v.strictObject({ dataset, changes, applied: v.literal(false) });
export const datasetGrown = v.strictObject({
  dataset,
  changes,
  applied: v.literal(true),
  unusable: count,
  problems: v.array(problem),
});

const validation = v.strictObject({
  kind: v.literal('validation'),
  step: count,
  epoch: count,
  loss: v.number(),
  top1: fraction,
  best: v.boolean(),
});
const trainMetrics = v.strictObject({
  kind: v.literal('train'),
  step: count,
  // Progress in epochs, fractional.
  epoch: v.pipe(v.number(), v.minValue(0)),
  loss: v.number(),
  top1: fraction,
  learningRate: v.number(),
  gradientNorm: v.number(),
  imagesPerSecond: v.number(),
  waiting: fraction,
});
export const metrics = v.variant('kind', [trainMetrics, validation]);
const runEntries = {
  id: text,
  name: text,
  state: v.picklist(RUN_STATES),
  method: v.picklist(METHOD_NAMES),
  task: v.literal('single-label'),
  backboneId: v.nullable(text),
  backboneName: text,
  datasetId: v.nullable(text),
  datasetName: text,
  classes: v.array(text),
  counts: splitCounts,
  config: v.looseObject({
    tuning: v.object({ method: v.picklist(METHOD_NAMES), options: v.looseObject({}) }),
    seed: count,
  }),
  folder: text,
  createdAt: moment,
  startedAt: v.nullable(moment),
  endedAt: v.nullable(moment),
  step: count,
  epoch: count,
  checkpointStep: v.nullable(count),
  bestTop1: v.nullable(fraction),
  bestLoss: v.nullable(v.number()),
  activeSeconds: v.nullable(v.number()),
  parentAdapterId: v.nullable(text),
  checkpointedBlocks: v.nullable(count),
  adapterId: v.nullable(text),
  error: v.nullable(errorReport),
};
export const run = v.strictObject(runEntries);
const epochWaiting = v.strictObject({
  epoch: count,
  seconds: v.pipe(v.number(), v.minValue(0)),
  waitedSeconds: v.pipe(v.number(), v.minValue(0)),
});
const advice = v.array(v.strictObject({ kind: v.picklist(ADVICE_KINDS), text }));
export const runShown = v.strictObject({
  ...runEntries,
  validations: v.array(validation),
  waiting: v.array(epochWaiting),
  advice,
});

const evaluation = v.strictObject({
  n: count,
  top1: fraction,
  top5: fraction,
  loss: v.number(),
  macroF1: fraction,
  perClass: v.array(
    v.strictObject({
      label: text,
      n: count,
      precision: fraction,
      recall: fraction,
      f1: fraction,
    }),
  ),
  confusion: v.array(v.array(count)),
});
const classNotes = v.array(
  v.variant('kind', [
    v.strictObject({ kind: v.literal('renamed'), former: text, name: text }),
    v.strictObject({ kind: v.literal('merged'), former: v.array(text), name: text }),
    v.strictObject({ kind: v.literal('left-out'), name: text }),
    v.strictObject({ kind: v.literal('unknown'), name: text, images: count }),
  ]),
);
export const measured = v.strictObject({
  ...evaluation.entries,
  classNotes,
  dataset: text,
  split: v.picklist(['train', 'val', 'test']),
});

const adapterEntries = {
  id: text,
  name: text,
  folder: text,
  method: v.picklist(METHOD_NAMES),
  backboneId: v.nullable(text),
  backboneName: text,
  backboneSha256: sha256,
  runId: v.nullable(text),
  parentId: v.nullable(text),
  classes: v.array(text),
  adapterParameters: count,
  headParameters: count,
  trainableParameters: count,
  bytes: count,
  top1: v.nullable(fraction),
  loss: v.nullable(v.number()),
  tags: v.array(text),
  createdAt: moment,
};
export const adapter = v.strictObject(adapterEntries);
export const adapterImported = v.strictObject({ ...adapterEntries, sameAs: v.nullable(text) });
export const binned = v.strictObject({
  id: text,
  kind: v.picklist(['run', 'adapter', 'dataset']),
  name: text,
  bytes: count,
  removedAt: moment,
});
export const restored = v.strictObject({
  id: text,
  kind: v.picklist(['run', 'adapter', 'dataset']),
  name: text,
  formerName: text,
});

export const adapterShown = v.strictObject({
  ...adapterEntries,
  notes: v.string(),
  evaluations: v.array(
    v.strictObject({
      id: text,
      adapterId: text,
      datasetId: text,
      task: v.literal('single-label'),
      split: v.picklist(['train', 'val', 'test']),
      ...{ evaluation, classNotes },
      createdAt: moment,
    }),
  ),
});

export const started = v.strictObject({
  event: v.literal('started'),
  run: text,
  name: text,
  method: v.picklist(METHOD_NAMES),
  backbone: text,
  dataset: text,
  classes: count,
  images: splitCounts,
  epochs: count,
  from: v.nullable(
    v.strictObject({
      adapter: text,
      kept: v.array(text),
      added: v.array(text),
      dropped: v.array(text),
    }),
  ),
  folder: text,
  trainableParameters: v.nullable(count),
});
export const done = v.strictObject({
  event: v.literal('done'),
  run: text,
  adapter: text,
  metrics: v.strictObject({
    val: v.nullable(v.strictObject({ top1: fraction, loss: v.number() })),
  }),
  trainableParameters: count,
  activeSeconds: v.nullable(v.number()),
  checkpointedBlocks: count,
  waiting: v.array(epochWaiting),
  advice,
});
/** Any line of a training's JSON stream. */
export const trainEvent = v.variant('event', [
  started,
  v.strictObject({
    event: v.literal('progress'),
    phase: text,
    done: v.number(),
    total: v.number(),
    secondsLeft: v.nullable(v.number()),
  }),
  v.variant('kind', [
    v.strictObject({ event: v.literal('metrics'), ...trainMetrics.entries }),
    v.strictObject({ event: v.literal('metrics'), ...validation.entries }),
  ]),
  v.strictObject({ event: v.literal('checkpoint'), step: count, epoch: count, path: text }),
  v.strictObject({
    event: v.literal('first-step'),
    tensorflow: v.number(),
    graph: v.number(),
    images: v.number(),
    xla: v.number(),
  }),
  v.strictObject({
    event: v.literal('log'),
    level: v.picklist(['info', 'warning']),
    message: text,
    path: v.optional(text),
  }),
  v.strictObject({ event: v.literal('state'), state: v.picklist(['running', 'paused']) }),
  done,
]);

const verification = v.strictObject({
  images: count,
  maxAbsDiff: v.number(),
  tolerance: v.number(),
  top1Agreement: fraction,
});
export const verified = v.strictObject({ out: text, verification, notes: v.array(text) });
export const exported = v.strictObject({
  out: text,
  verification: v.strictObject({
    ...verification.entries,
    of: v.literal('probabilities'),
    accuracy: v.exactOptional(v.strictObject({ adapted: fraction, exported: fraction })),
    files: v.exactOptional(
      v.strictObject({
        images: count,
        leftOut: count,
        maxPixelDiff: v.number(),
        maxProbabilityDiff: v.number(),
        top1Agreement: fraction,
      }),
    ),
  }),
  notes: v.array(text),
});

export const predictions = v.array(
  v.union([
    v.strictObject({
      path: text,
      predictions: v.array(v.strictObject({ label: text, probability: fraction })),
    }),
    v.strictObject({ path: text, error: errorReport }),
  ]),
);

const failure = v.strictObject({ error: errorReport });
export const doctor = v.strictObject({
  ok: v.boolean(),
  version: text,
  machine: v.strictObject({
    platform: text,
    arch: text,
    release: text,
    node: text,
    processor: text,
    cores: v.pipe(count, v.minValue(1)),
    memory: v.pipe(count, v.minValue(1)),
    memoryFree: count,
  }),
  engine: v.union([
    v.strictObject({
      backend: v.picklist(['tensorflow', 'tfjs-cpu', 'webgpu']),
      tensorflow: v.nullable(text),
      tfjs: text,
      kernels: v.nullable(text),
      kernelsOff: v.array(v.strictObject({ level: text, reason: text })),
      resamplingOff: v.nullable(text),
      devices: v.array(text),
      device: v.picklist(['cpu', 'gpu']),
      threads: count,
      node: text,
    }),
    failure,
  ]),
  data: v.strictObject({ folder: text, free: v.nullable(count), readOnly: v.boolean() }),
  library: v.union([
    v.strictObject({
      integrity: v.literal('ok'),
      backbones: count,
      datasets: count,
      runs: count,
      adapters: count,
      interrupted: v.array(text),
      notices: v.array(text),
    }),
    failure,
  ]),
  starter: v.strictObject({ present: v.boolean(), path: v.nullable(text) }),
  cache: v.strictObject({ folder: text, xlaFiles: count, xlaBytes: count }),
});

export const demo = v.strictObject({
  home: text,
  backbone: text,
  adapter: text,
  images: v.strictObject({ train: count, val: count }),
  top1: fraction,
  loss: v.number(),
  trainableParameters: count,
  backboneParameters: count,
  merged: v.strictObject({ out: text, verification }),
  exported: v.strictObject({ out: text, bytes: count, verification: v.nullable(verification) }),
  predictions: v.array(
    v.strictObject({ path: text, truth: text, label: text, probability: fraction }),
  ),
  seconds: v.number(),
});
