import * as v from 'valibot';
import { backboneSchema } from '../../domain/library.ts';
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
  /** A safetensors file, or a folder with one and its `config.json`. */
  'backbones.add': procedure(
    v.strictObject({
      path: filePathSchema,
      name: v.nullable(nameSchema),
      heads: v.nullable(countSchema),
    }),
    task,
  ),
  'backbones.rename': procedure(v.strictObject({ id: idSchema, name: nameSchema }), backboneDetail),
  /** Removes it from the library; the file stays. */
  'backbones.remove': procedure(one, nothingSchema),
};
