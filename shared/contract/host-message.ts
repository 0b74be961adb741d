import * as v from 'valibot';
import { architectureSchema } from '../models/registry.ts';
import { augmentation } from '../training/fields.ts';
import { looseTrainingSchema } from '../training/settings.ts';

/** Checked by the engine on every message that the host sends; see `HostMessage` for what the fields mean. */
const finite = v.pipe(v.number(), v.finite());
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const triple = v.tuple([finite, finite, finite]);

const preprocessing = v.object({
  imageSize: count,
  interpolation: v.picklist(['bicubic', 'bilinear']),
  cropFraction: finite,
  cropMode: v.picklist(['center', 'squash']),
  mean: triple,
  std: triple,
});

const backbone = v.object({
  path: v.nullable(v.string()),
  sha256: v.string(),
  name: v.string(),
  architecture: architectureSchema,
  preprocessing,
});

const onAdapter = { adapterDir: v.string(), backbone };
const job = v.variant('kind', [
  v.object({
    kind: v.literal('train'),
    runId: v.string(),
    runName: v.string(),
    runDir: v.string(),
    adapterDir: v.string(),
    backbone,
    config: looseTrainingSchema,
    task: v.string(),
    classes: v.array(v.string()),
    resume: v.boolean(),
    extendedAt: v.nullable(count),
    recomputedBlocks: count,
  }),
  v.object({
    kind: v.literal('measure'),
    backbone,
    config: looseTrainingSchema,
    task: v.string(),
    classes: count,
    steps: count,
    recomputedBlocks: count,
  }),
  v.object({ kind: v.literal('evaluate'), ...onAdapter, manifest: v.string(), batchSize: count }),
  v.object({
    kind: v.literal('predict'),
    ...onAdapter,
    paths: v.array(v.string()),
    top: count,
    batchSize: count,
  }),
  v.object({ kind: v.literal('try'), ...onAdapter }),
  v.object({
    kind: v.literal('merge'),
    ...onAdapter,
    out: v.string(),
    manifest: v.string(),
    verifyImages: count,
  }),
  v.object({
    kind: v.literal('augment'),
    images: v.array(v.object({ path: v.string(), sha256: v.string() })),
    preprocessing,
    augmentation: augmentation.looseSchema,
    copies: count,
    seed: v.pipe(v.number(), v.integer()),
    out: v.string(),
  }),
  v.object({ kind: v.literal('probe') }),
]);

export const hostMessageSchema = v.variant('type', [
  v.object({ type: v.literal('start'), job, cacheDir: v.string() }),
  v.object({ type: v.literal('pause') }),
  v.object({ type: v.literal('resume') }),
  v.object({ type: v.literal('stop') }),
  v.object({ type: v.literal('suspend') }),
  v.object({ type: v.literal('question'), id: count, paths: v.array(v.string()), top: count }),
]);
