import * as v from 'valibot';
import { KarstError } from '../../../../shared/domain/errors.ts';
import { parseTimmConfig, timmConfigOfMetadata, type TimmConfig } from '../timm-config.ts';
import { arePlaceholders, namesByNumber } from './class-names.ts';
import { checked, configFault, known, maybe, object } from './json.ts';
import { OTHER_CONFIG, type Check, type ModelConfig } from './model-config.ts';
import type { Said } from '../../../../shared/domain/said.ts';
import { saidByArgs, timmArgs, withArgs, type TimmArgs } from './timm-args.ts';
import { otherModel, registeredModel } from './timm-names.ts';

/**
 * In a model's own configuration a list, or names by number where some classes have none; older ones
 * name a file of timm's.
 */
const names = v.optional(v.nullable(v.union([v.string(), v.array(v.string()), object])));
const schema = v.object({
  architecture: maybe.text,
  num_classes: maybe.count,
  model_args: v.optional(v.nullable(timmArgs)),
  global_pool: maybe.text,
  label_names: names,
  license: maybe.text,
  pretrained_cfg: v.optional(
    v.nullable(v.object({ tag: maybe.text, license: maybe.text, label_names: names })),
  ),
});

/** timm's `config.json`. @throws format-unsupported naming the key */
export function readTimmConfig(value: unknown, path: string): ModelConfig {
  const preprocessing = parseTimmConfig(value, path);
  return modelConfig(checked(schema, value, path), preprocessing, path);
}

/**
 * The same from a safetensors file's own metadata; null where it has none.
 * @throws format-unsupported naming the key, and how the weights are saved without it
 */
export function readMetadata(
  metadata: ReadonlyMap<string, string>,
  path: string,
): ModelConfig | null {
  try {
    const config = timmConfigOfMetadata(metadata, path);
    if (config === null) return null;
    const { architecture, heads } = config;
    const json = { architecture, model_args: heads === null ? {} : { num_heads: heads } };
    return { ...modelConfig(json, config, path), remedy: withoutMetadata(path) };
  } catch (error) {
    if (!(error instanceof KarstError)) throw error;
    throw KarstError.fromReport({ ...error.toReport(), hint: withoutMetadata(path) });
  }
}

/** Metadata are part of the file: nobody corrects them, but a copy is without. */
function withoutMetadata(path: string): string {
  return `Save the weights without their metadata and add that file, in Python: from safetensors.torch import load_file, save_file; save_file(load_file(${JSON.stringify(path)}), "model.safetensors").`;
}

type Json = v.InferOutput<typeof schema>;

function modelConfig(json: Json, { preprocessing }: TimmConfig, path: string): ModelConfig {
  const { architecture: plain = null, pretrained_cfg: pretrained, model_args: args } = json;
  const own: TimmArgs = args ?? {};
  const tag = pretrained?.tag ?? '';
  const name = plain === null || plain.includes('.') || tag === '' ? plain : `${plain}.${tag}`;
  const other = name === null ? null : otherModel(name);
  if (other !== null)
    throw configFault(path, `it names ${String(plain)}: ${other}, which is not supported.`);
  const registered = name === null ? null : registeredModel(name);
  const implied: TimmArgs = registered?.args ?? {};
  const labels = labelsOf(json, path);
  const saidBy = (base: TimmArgs): Said => ({
    ...saidByArgs({ ...base, ...own }, path),
    // At the top level it only says what the model had; `model_args` say what is built.
    ...(own.global_pool === undefined && typeof json.global_pool === 'string'
      ? saidByArgs({ global_pool: json.global_pool }, path)
      : {}),
    ...known({ imageSize: own.img_size ?? preprocessing?.imageSize ?? base.img_size }),
  });
  return {
    library: 'timm',
    path,
    said: saidBy(implied),
    checks: checksOf(own, json.num_classes),
    describes:
      registered === null
        ? null
        : {
            called: String(plain),
            family: registered.describes.family,
            traits: withArgs(registered.describes.traits, own),
          },
    architecture: overridden(implied, own) ? null : name,
    named: {
      ...known({
        width: own.embed_dim === undefined ? implied.embed_dim : undefined,
        patchSize: own.patch_size === undefined ? implied.patch_size : undefined,
      }),
      otherwise: saidBy({}),
    },
    projection: (registered?.projection ?? false) && labels === null,
    labels,
    labelsKey: 'label_names',
    remedy: OTHER_CONFIG,
    licence: pretrained?.license ?? json.license ?? null,
    modelType: null,
    openClip: null,
    preprocessing,
  };
}

/** Class names of its own head; null where it has none. */
function labelsOf(
  { label_names: own, pretrained_cfg: pretrained, num_classes: count, model_args: args }: Json,
  path: string,
): readonly string[] | null {
  const given = own ?? pretrained?.label_names;
  if (given === undefined || given === null || typeof given === 'string') return null;
  if (Array.isArray(given)) return arePlaceholders(given) ? null : given;
  const found = namesByNumber(given, 'label_names', path);
  if (found.length === 0) return null;
  const length = Math.max(found.length, count ?? args?.num_classes ?? 0);
  // What timm shows for a class without a name.
  return Array.from({ length }, (_, id) => found[id] ?? `<unmapped:${String(id)}>`);
}

/** Whether the name only says how another network is built. */
function overridden(implied: TimmArgs, own: TimmArgs): boolean {
  return (['embed_dim', 'patch_size'] as const).some(
    (key) => implied[key] !== undefined && own[key] !== undefined && implied[key] !== own[key],
  );
}

/** @param classes of its head, as the top level has them */
function checksOf(args: TimmArgs, classes: number | null | undefined): Check[] {
  const checks: Check[] = [
    { key: 'model_args.embed_dim', field: 'width', value: args.embed_dim },
    { key: 'model_args.depth', field: 'depth', value: args.depth },
    { key: 'model_args.depths', field: 'depths', value: args.depths },
    { key: 'model_args.patch_size', field: 'patchSize', value: args.patch_size },
    { key: 'model_args.window_size', field: 'window', value: args.window_size },
    {
      key: 'model_args.num_heads',
      field: 'heads',
      value: Array.isArray(args.num_heads) ? args.num_heads : undefined,
    },
    { key: 'num_classes', field: 'classes', value: classes },
    { key: 'model_args.num_classes', field: 'classes', value: args.num_classes },
  ];
  // 0 classes: it is used for its features.
  return checks.filter(({ value }) => value !== undefined && value !== null && value !== 0);
}
