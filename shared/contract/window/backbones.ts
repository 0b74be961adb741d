import * as v from 'valibot';
import { backbonePreviewSchema, backboneSchema } from '../../domain/library.ts';
import { saidSchema } from '../../domain/said.ts';
import { countSchema, idSchema } from '../../domain/scalars.ts';
import { filePathSchema, nameSchema, nothingSchema } from './inputs.ts';
import { procedure } from './procedure.ts';
import { task } from './tasks.ts';

const one = v.strictObject({ id: idSchema });

export const backboneDetail = v.object({
  backbone: backboneSchema,
  parameters: countSchema,
  starter: v.boolean(),
});
export type BackboneDetail = v.InferOutput<typeof backboneDetail>;

export const backboneProcedures = {
  'backbones.list': procedure(nothingSchema, v.array(backboneDetail)),
  /** What would be added: a file of weights, the index of several, or a folder with either. */
  'backbones.preview': procedure(
    v.strictObject({ path: filePathSchema, said: saidSchema }),
    backbonePreviewSchema,
  ),
  'backbones.add': procedure(
    v.strictObject({ path: filePathSchema, name: v.nullable(nameSchema), said: saidSchema }),
    task,
  ),
  'backbones.rename': procedure(v.strictObject({ id: idSchema, name: nameSchema }), backboneDetail),
  /** Removes it from the library; the file stays. */
  'backbones.remove': procedure(one, nothingSchema),
};
