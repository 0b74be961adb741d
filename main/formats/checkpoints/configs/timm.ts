import * as v from 'valibot';
import { parseTimmConfig, timmConfigOfMetadata, type TimmConfig } from '../timm-config.ts';
import { arePlaceholders } from './class-names.ts';
import { checked, configFault, known, maybe } from './json.ts';
import type { Check, ModelConfig } from './model-config.ts';
import type { Said } from '../../../../shared/domain/said.ts';
import { saidByArgs, timmArgs, withArgs, type TimmArgs } from './timm-args.ts';
import { otherModel, registeredModel } from './timm-names.ts';

/** In a model's own configuration a list; older ones name a file of timm's. */
const names = v.optional(v.nullable(v.union([v.string(), v.array(v.string())])));
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

/** The same from a safetensors file's own metadata; null where it has none. */
export function readMetadata(
  metadata: ReadonlyMap<string, string>,
  path: string,
): ModelConfig | null {
  const config = timmConfigOfMetadata(metadata, path);
  if (config === null) return null;
  const { architecture, heads } = config;
  return modelConfig(
    { architecture, model_args: heads === null ? {} : { num_heads: heads } },
    config,
    path,
  );
}

function modelConfig(
  json: Omit<v.InferOutput<typeof schema>, 'pretrained_cfg'> &
    Partial<Pick<v.InferOutput<typeof schema>, 'pretrained_cfg'>>,
  { preprocessing }: TimmConfig,
  path: string,
): ModelConfig {
  const { architecture: plain = null, pretrained_cfg: pretrained, model_args: args } = json;
  const own: TimmArgs = args ?? {};
  const tag = pretrained?.tag ?? '';
  const name = plain === null || plain.includes('.') || tag === '' ? plain : `${plain}.${tag}`;
  const other = name === null ? null : otherModel(name);
  if (other !== null)
    throw configFault(path, `it names ${String(plain)}: ${other}, which is not supported.`);
  const registered = name === null ? null : registeredModel(name);
  const implied: TimmArgs = registered?.args ?? {};
  const given = json.label_names ?? pretrained?.label_names;
  const labels = Array.isArray(given) && !arePlaceholders(given) ? given : null;
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
    checks: checksOf(own, json.num_classes ?? 0),
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
    licence: pretrained?.license ?? json.license ?? null,
    modelType: null,
    openClip: null,
    preprocessing,
  };
}

/** Whether the name only says how another network is built. */
function overridden(implied: TimmArgs, own: TimmArgs): boolean {
  return (['embed_dim', 'patch_size'] as const).some(
    (key) => implied[key] !== undefined && own[key] !== undefined && implied[key] !== own[key],
  );
}

/** @param classes of its head; 0: it is used for its features */
function checksOf(args: TimmArgs, classes: number): Check[] {
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
    { key: 'num_classes', field: 'classes', value: classes === 0 ? undefined : classes },
  ];
  return checks.filter(({ value }) => value !== undefined);
}
