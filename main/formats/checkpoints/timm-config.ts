import * as v from 'valibot';
import type { Preprocessing } from '../../../shared/domain/preprocessing.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { pretrainedCfgSchema, readPretrainedCfg } from '../preprocessing/timm.ts';

/** The relevant parts of timm's `config.json`; `null` where absent. */
export interface TimmConfig {
  readonly architecture: string | null;
  /** Of each stage for networks in stages. */
  readonly heads: number | readonly number[] | null;
  readonly preprocessing: Partial<Preprocessing> | null;
}

/** An object but not a list, which schemas accept as an object without keys. */
const object = v.custom<Record<string, unknown>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'must be an object',
);
const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const configSchema = v.object({
  architecture: v.nullish(v.string()),
  model_args: v.nullish(
    v.pipe(object, v.object({ num_heads: v.nullish(v.union([count, v.array(count)])) })),
  ),
  pretrained_cfg: v.nullish(v.pipe(object, pretrainedCfgSchema)),
});

function unsupported(path: string, sentence: string): KarstError {
  return new KarstError('format-unsupported', `${path}: ${sentence}`, {
    hint: 'Correct the file, or remove it to use the defaults.',
    path,
  });
}

/**
 * Reads timm's `config.json`: `architecture`, `model_args.num_heads` and the preprocessing in
 * `pretrained_cfg` (in older files at the top level).
 * @throws format-unsupported naming the key
 */
export function parseTimmConfig(value: unknown, path: string): TimmConfig {
  if (Array.isArray(value)) throw unsupported(path, "not timm's config.json: it is a list.");
  const outcome = v.safeParse(v.intersect([configSchema, pretrainedCfgSchema]), value);
  if (!outcome.success) {
    const issue = outcome.issues[0];
    const key = v.getDotPath(issue);
    throw unsupported(
      path,
      `not timm's config.json: ${key === null ? '' : `"${key}": `}${issue.message}.`,
    );
  }
  const c = outcome.output;
  return {
    architecture: c.architecture ?? null,
    heads: c.model_args?.num_heads ?? null,
    preprocessing: readPretrainedCfg(c.pretrained_cfg ?? c, path),
  };
}

/** The same from a safetensors file's own metadata: `architecture`, `num_heads`, `pretrained_cfg` (JSON). */
export function timmConfigOfMetadata(
  metadata: ReadonlyMap<string, string>,
  path: string,
): TimmConfig | null {
  const architecture = metadata.get('architecture');
  const heads = metadata.get('num_heads');
  const pretrained = metadata.get('pretrained_cfg');
  if (architecture === undefined && heads === undefined && pretrained === undefined) return null;
  let cfg: unknown = {};
  try {
    cfg = pretrained === undefined ? {} : JSON.parse(pretrained);
  } catch (cause) {
    throw unsupported(
      path,
      `"pretrained_cfg" in its metadata is not valid JSON: ${(cause as Error).message}.`,
    );
  }
  return parseTimmConfig(
    {
      ...(architecture === undefined ? {} : { architecture }),
      ...(heads === undefined ? {} : { model_args: { num_heads: Number(heads) } }),
      pretrained_cfg: cfg,
    },
    path,
  );
}
