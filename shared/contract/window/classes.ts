import * as v from 'valibot';
import { classEventSchema } from '../../domain/class-history.ts';
import { datasetSchema } from '../../domain/library.ts';
import { countSchema, idSchema } from '../../domain/scalars.ts';
import { nameSchema } from './inputs.ts';
import { procedure } from './procedure.ts';

const dataset = { id: idSchema };
/** A class by its label in the dataset. */
const one = { ...dataset, label: countSchema };

/** The classes of a dataset, named by its `id`; changes return it as it is then. */
export const classProcedures = {
  /** What became of them, in order. */
  'classes.history': procedure(v.strictObject(dataset), v.array(classEventSchema)),
  /** Undoes `datasets.addClass`, unless something came of the class. */
  'classes.takeBack': procedure(v.strictObject(one), datasetSchema),
  'classes.rename': procedure(v.strictObject({ ...one, name: nameSchema }), datasetSchema),
  /** Gives the images of a class to another one; the class is no more. */
  'classes.merge': procedure(v.strictObject({ ...one, into: countSchema }), datasetSchema),
  /** Undoes the merge of a class, by the label that it had. */
  'classes.unmerge': procedure(v.strictObject(one), datasetSchema),
  'classes.setLeftOut': procedure(v.strictObject({ ...one, leftOut: v.boolean() }), datasetSchema),
};
