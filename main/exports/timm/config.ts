import type { Preprocessing } from '../../../shared/domain/preprocessing.ts';
import { familyOf, type Architecture } from '../../../shared/models/registry.ts';
import { pretrainedCfgOf } from '../../formats/preprocessing/timm.ts';
import { timmBuild } from './build.ts';

/**
 * timm's `config.json`, from which `timm.create_model('local-dir:FOLDER', pretrained=True)` builds
 * the network. It builds registered names only: the nearest is given, and `model_args` override
 * every number.
 * @param labels class names in the order of the head's outputs
 * @throws KarstError not-available as `timmBuild`
 */
export function timmConfigOf(
  a: Architecture,
  preprocessing: Preprocessing,
  labels: readonly string[] = [],
  licence: string | null = null,
): Record<string, unknown> {
  const { registered, args, globalPool, firstLayer, classifier } = timmBuild(a);
  return {
    architecture: registered,
    num_classes: a.classes,
    num_features: familyOf(a).width(a),
    global_pool: globalPool,
    ...(labels.length === 0 ? {} : { label_names: [...labels] }),
    // Not the number of classes: transformers gives it once more.
    model_args: args,
    pretrained_cfg: {
      ...pretrainedCfgOf(preprocessing),
      num_classes: a.classes,
      first_conv: firstLayer,
      classifier,
      ...(licence === null ? {} : { license: licence }),
    },
  };
}
