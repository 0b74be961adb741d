import * as v from 'valibot';
import { architectureSchema } from '../models/registry.ts';
import { errorReportSchema } from './error-report.ts';
import { immutable } from './immutable.ts';
import { countSchema, idSchema } from './scalars.ts';

/** What getting a model of the hub means. */
export const hubOfferSchema = immutable(
  v.object({
    /** Owner and name. */
    address: v.string(),
    /** The commit, 40 hexadecimal digits. */
    revision: v.string(),
    /** The host that is asked; it may send us to others. */
    host: v.string(),
    files: v.array(v.object({ path: v.string(), bytes: countSchema })),
    /** Bytes of all files, and of those that are not there yet. */
    bytes: countSchema,
    missingBytes: countSchema,
    /** Free bytes on the disk of `folder`; null if unknown. */
    freeBytes: v.nullable(countSchema),
    /** The hub's cache, where they go. */
    folder: v.string(),
    licence: v.nullable(v.string()),
    /** Whether its terms have to be accepted on the hub first. */
    gated: v.boolean(),
  }),
);
export type HubOffer = v.InferOutput<typeof hubOfferSchema>;

/** A model that another program keeps on this machine. */
export const foundBackboneSchema = immutable(
  v.object({
    /** Of its weights. */
    path: v.string(),
    /** Owner and name on the hub, or the file's name. */
    name: v.string(),
    place: v.picklist(['huggingface', 'torch']),
    bytes: countSchema,
    /** The backbone of the library that it is already. */
    backboneId: v.nullable(idSchema),
    /** null where it does not fit. */
    architecture: v.nullable(architectureSchema),
    /** Why it does not fit. */
    error: v.nullable(errorReportSchema),
  }),
);
export type FoundBackbone = v.InferOutput<typeof foundBackboneSchema>;
