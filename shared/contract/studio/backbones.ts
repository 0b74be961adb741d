import * as v from 'valibot';
import { procedure } from './procedure.ts';
import { task } from './tasks.ts';
import { backbone, count, filePath, id, name, nothing } from './values.ts';

const one = v.strictObject({ id });

export const backboneDetail = v.object({ backbone, parameters: count, starter: v.boolean() });
export type BackboneDetail = v.InferOutput<typeof backboneDetail>;

export const backboneProcedures = {
  'backbones.list': procedure(nothing, v.array(backboneDetail)),
  /** A safetensors file, or a folder that holds one beside its `config.json`. */
  'backbones.add': procedure(
    v.strictObject({ path: filePath, name: v.nullable(name), heads: v.nullable(count) }),
    task,
  ),
  'backbones.rename': procedure(v.strictObject({ id, name }), backboneDetail),
  /** Forgets it; the file stays. */
  'backbones.remove': procedure(one, nothing),
};
