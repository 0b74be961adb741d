import * as v from 'valibot';
import { readPreprocessCfg } from '../../preprocessing/open-clip.ts';
import type { Said } from '../../../../shared/domain/said.ts';
import { checked, configFault, known, maybe, object } from './json.ts';
import { OTHER_CONFIG, type ModelConfig } from './model-config.ts';
import { saidByArgs } from './timm-args.ts';
import { otherModel, registeredModel } from './timm-names.ts';

const schema = v.object({
  preprocess_cfg: v.optional(v.unknown()),
  model_cfg: v.pipe(
    object,
    v.object({
      quick_gelu: maybe.flag,
      vision_cfg: v.pipe(
        object,
        v.object({
          layers: maybe.count,
          width: maybe.count,
          head_width: maybe.count,
          patch_size: maybe.side,
          image_size: maybe.side,
          pool_type: maybe.text,
          final_ln_after_pool: maybe.flag,
          attentional_pool: v.optional(v.union([v.boolean(), v.string(), v.null()])),
          no_ln_pre: maybe.flag,
          act_kwargs: v.optional(v.nullable(v.object({ approximate: maybe.text }))),
          norm_kwargs: v.optional(v.nullable(v.object({ eps: maybe.real }))),
          timm_model_name: maybe.text,
          timm_pool: maybe.text,
        }),
      ),
    }),
  ),
});
type Tower = v.InferOutput<typeof schema>['model_cfg']['vision_cfg'];

/** open_clip's `open_clip_config.json`. @throws format-unsupported naming the key */
export function readOpenClipConfig(value: unknown, path: string): ModelConfig {
  const { model_cfg: model, preprocess_cfg: preprocess } = checked(schema, value, path);
  const tower = model.vision_cfg;
  const timm = tower.timm_model_name ?? null;
  const common = {
    library: 'open_clip',
    path,
    named: null,
    projection: true,
    labels: null,
    labelsKey: 'label_names',
    remedy: OTHER_CONFIG,
    licence: null,
    modelType: null,
    openClip: readPreprocessCfg(preprocess, path),
    preprocessing: null,
  } as const;
  if (timm !== null) return { ...common, ...timmTower(timm, tower, path) };
  if (tower.attentional_pool)
    throw configFault(path, '"attentional_pool" is set, which no network here has.');
  const pool = tower.pool_type ?? 'tok';
  if (pool !== 'tok' && pool !== 'avg')
    throw configFault(path, `"pool_type" is "${pool}"; tok and avg are supported.`);
  return {
    ...common,
    said: ownTower(tower, model.quick_gelu === true, pool),
    checks: [
      { key: 'vision_cfg.width', field: 'width', value: tower.width },
      { key: 'vision_cfg.layers', field: 'depth', value: tower.layers },
      { key: 'vision_cfg.patch_size', field: 'patchSize', value: tower.patch_size },
      { key: 'vision_cfg.image_size', field: 'imageSize', value: tower.image_size },
    ].filter(
      ({ value: number }) => number !== undefined && number !== null,
    ) as ModelConfig['checks'],
    describes: {
      called: 'the "vision_cfg"',
      family: 'vit',
      traits: { preNorm: tower.no_ln_pre !== true },
    },
    architecture: null,
  };
}

function ownTower(tower: Tower, quick: boolean, pool: 'tok' | 'avg'): Said {
  const tanh = tower.act_kwargs?.approximate === 'tanh';
  return {
    ...(tower.width ? { heads: tower.width / (tower.head_width ?? 64) } : {}),
    activation: quick ? 'quick-gelu' : tanh ? 'gelu-tanh' : 'gelu',
    layerNormEpsilon: tower.norm_kwargs?.eps ?? 1e-5,
    pool: pool === 'avg' ? 'mean' : 'class',
  };
}

/** A tower that is a network of timm. */
function timmTower(
  name: string,
  tower: Tower,
  path: string,
): Pick<ModelConfig, 'said' | 'checks' | 'describes' | 'architecture'> {
  const other = otherModel(name);
  if (other !== null)
    throw configFault(path, `it names ${name}: ${other}, which is not supported.`);
  const pool = tower.timm_pool ?? '';
  const registered = registeredModel(name);
  const args = registered?.args ?? {};
  return {
    said: known<Said>({
      ...saidByArgs({ ...args, ...(pool === '' ? {} : { global_pool: pool }) }, path),
      ...known({ imageSize: tower.image_size }),
    }),
    checks: [],
    describes: registered === null ? null : { called: name, ...registered.describes },
    architecture: name,
  };
}
