import * as v from 'valibot';
import { STRENGTHS } from '../../domain/backbone-catalogue.ts';
import { hubOfferSchema } from '../../domain/backbone-sources.ts';
import { methodSchema } from '../../domain/library.ts';
import { countSchema, finiteSchema, idSchema } from '../../domain/scalars.ts';
import { nameSchema, nothingSchema } from './inputs.ts';
import { procedure } from './procedure.ts';
import { task } from './tasks.ts';

export const catalogueItem = v.object({
  name: v.string(),
  /** Owner and name on the hub. */
  address: v.string(),
  family: v.string(),
  trainedOn: v.string(),
  strength: v.picklist(STRENGTHS),
  parameters: countSchema,
  pixels: countSchema,
  /** About what is downloaded; null where that is not known. */
  bytes: v.nullable(countSchema),
  licence: v.string(),
  commercial: v.boolean(),
  gated: v.boolean(),
  /** The backbone of the library that came from there. */
  backboneId: v.nullable(idSchema),
});
export type CatalogueItem = v.InferOutput<typeof catalogueItem>;

/** What the newest finished run on a backbone took here. */
export const measuredEpoch = v.object({
  backboneId: idSchema,
  method: methodSchema,
  /** Training images of an epoch. */
  images: countSchema,
  imageSize: countSchema,
  /** An epoch, with its share of start and validation. */
  seconds: finiteSchema,
});
export type MeasuredEpoch = v.InferOutput<typeof measuredEpoch>;

/** A name of the catalogue, or owner and name on the hub. */
const wanted = v.strictObject({ name: nameSchema });

export const backboneSourceProcedures = {
  'backbones.catalogue': procedure(nothingSchema, v.array(catalogueItem)),
  /** Asks the hub what a model means to get. This and `backbones.download` alone touch a network. */
  'backbones.lookUp': procedure(wanted, hubOfferSchema),
  /** Downloads a model of the hub, at the commit that was shown, and adds it. */
  'backbones.download': procedure(
    v.strictObject({ ...wanted.entries, revision: v.string() }),
    task,
  ),
  /** One of each backbone that a run was finished on. */
  'backbones.epochs': procedure(nothingSchema, v.array(measuredEpoch)),
  /** Looks through what other programs keep on this machine. */
  'backbones.find': procedure(nothingSchema, task),
};
