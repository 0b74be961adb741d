import * as v from 'valibot';
import { immutable } from './immutable.ts';
import { SAID_FIELDS } from './said.ts';
import { countSchema, finiteSchema } from './scalars.ts';

/** Whose names a file's tensors have. */
export const SOURCE_KINDS = [
  'timm',
  'timm-eva',
  'huggingface',
  'open_clip',
  'original',
  'npz',
] as const;
export type SourceKind = (typeof SOURCE_KINDS)[number];

/** Formats of files with tensors; `torch` is the zip form of PyTorch. */
export const CONTAINER_FORMATS = ['safetensors', 'npz', 'torch'] as const;
export type ContainerFormat = (typeof CONTAINER_FORMATS)[number];

/** Data types of weights as files name them, with the field's names. */
export const DTYPE_WORDS = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' } as const;
export const DTYPES = ['F32', 'F16', 'BF16'] as const satisfies (keyof typeof DTYPE_WORDS)[];

/** Source of a value that is not in the weight file itself. */
export const provenanceSchema = v.picklist([
  'config.json',
  'preprocessor_config.json',
  'open_clip_config.json',
  'metadata',
  'option',
  'default',
]);
export type Provenance = v.InferOutput<typeof provenanceSchema>;

/** A value that the weights do not tell, and who says it. */
export const assumedSchema = immutable(
  v.object({
    what: v.picklist(SAID_FIELDS),
    value: v.union([v.string(), finiteSchema, v.boolean(), v.array(finiteSchema)]),
    from: provenanceSchema,
  }),
);
export type Assumed = v.InferOutput<typeof assumedSchema>;

/** A file of a backbone as it was when it was hashed. */
export const backboneFileSchema = immutable(
  v.object({
    /** Absolute. */
    path: v.string(),
    bytes: countSchema,
    /** Modification time, milliseconds since 1970. */
    modifiedMs: finiteSchema,
    sha256: v.string(),
  }),
);
export type BackboneFile = v.InferOutput<typeof backboneFileSchema>;
