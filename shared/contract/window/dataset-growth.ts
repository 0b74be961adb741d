import * as v from 'valibot';
import { datasetSchema } from '../../domain/library.ts';
import { countSchema, idSchema } from '../../domain/scalars.ts';
import { datasetSource } from './dataset-source.ts';
import { filePathSchema, nameSchema } from './inputs.ts';
import { procedure } from './procedure.ts';
import { task } from './tasks.ts';

const { as, encoding } = datasetSource;

/** Limit of files and folders added at a time. */
const MOST_PATHS = 10_000;

/**
 * Datasets that grow. A plan is a task that looks and changes nothing; its result (`growth`) holds
 * the token with which it is applied.
 */
export const growthProcedures = {
  /** Lists the sources again and reads all files. The answers are about the first source. */
  'datasets.planUpdate': procedure(v.strictObject({ id: idSchema, as, encoding }), task),
  /** Looks at images from elsewhere; `into` is the class of all of them. */
  'datasets.planAddition': procedure(
    v.strictObject({
      id: idSchema,
      paths: v.pipe(v.array(filePathSchema), v.minLength(1), v.maxLength(MOST_PATHS)),
      as,
      encoding,
      into: v.exactOptional(
        v.union([v.strictObject({ label: countSchema }), v.strictObject({ newClass: nameSchema })]),
      ),
    }),
    task,
  ),
  /** Takes what the latest plan of the dataset found: all or nothing. */
  'datasets.grow': procedure(v.strictObject({ id: idSchema, token: v.string() }), task),
  /** A new class without images. */
  'datasets.addClass': procedure(
    v.strictObject({ id: idSchema, name: nameSchema }),
    v.object({ label: countSchema, dataset: datasetSchema }),
  ),
};
