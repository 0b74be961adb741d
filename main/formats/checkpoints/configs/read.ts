import { checked, configFault, object } from './json.ts';
import { readHuggingFaceConfig } from './hugging-face.ts';
import type { ModelConfig } from './model-config.ts';
import { readOpenClipConfig } from './open-clip.ts';
import { readTimmConfig } from './timm.ts';

/**
 * A configuration beside the weights, of timm, Hugging Face or open_clip, told apart by content.
 * @throws format-unsupported naming the key that is wrong or cannot be honoured
 */
export function parseModelConfig(value: unknown, path: string): ModelConfig {
  if (Array.isArray(value)) throw configFault(path, "not a model's configuration: it is a list.");
  const json = checked(object, value, path);
  if ('model_cfg' in json) return readOpenClipConfig(json, path);
  // transformers keeps timm's own configuration under a type of its own.
  const type = json['model_type'];
  if (typeof type === 'string' && type !== 'timm_wrapper') return readHuggingFaceConfig(json, path);
  return readTimmConfig(json, path);
}
