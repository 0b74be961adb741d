import { join } from 'node:path';
import { KarstError } from '../../../shared/domain/errors.ts';
import { writeFileAtomic } from '../../formats/files.ts';
import {
  huggingFacePreprocessor,
  type HuggingFacePreprocessor,
} from '../../formats/preprocessing/hugging-face.ts';
import { writeSafetensors, type TensorToWrite } from '../../formats/safetensors.ts';
import { writeCompanions } from '../companions.ts';
import type { ExportedModel, Exporter } from '../exporter.ts';
import { MODEL, openWritten, tensorBound, writtenTensors } from '../weights-folder.ts';
import { huggingFaceBuild, type HuggingFaceBuild } from './build.ts';

/**
 * A folder for transformers: the class of the network's own family, under the names that its files
 * have had since version 4.
 */
export const huggingFace: Exporter<'hf'> = {
  format: 'hf',
  async write(model, _options, folder) {
    const build = huggingFaceBuild(model.architecture);
    const names = { kind: 'huggingface', model: build.modelType } as const;
    const tensors = [...writtenTensors(model, names, build.written), ...unused(build)];
    const preprocessor = preprocessorOf(model, build);
    await writeSafetensors(join(folder, MODEL), tensors, { format: 'pt' });
    const write = (name: string, value: unknown): Promise<void> =>
      writeFileAtomic(join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
    await write('config.json', huggingFaceConfig(build, model));
    await write('preprocessor_config.json', preprocessor.json);
    const notes = huggingFace.notes(model);
    await writeCompanions(model, folder, { format: 'hf', precision: null, notes });
  },
  open: openWritten,
  bound: tensorBound,
  notes(model) {
    const { json, shifted } = preprocessorOf(model, huggingFaceBuild(model.architecture));
    // What is scaled first is resized by torchvision alone, and by the studio as that does.
    const byPillow = json['image_processor_type'] !== 'DINOv3ViTImageProcessor';
    return [
      ...(shifted ? (['hf-crop'] as const) : []),
      ...(byPillow ? (['hf-pillow'] as const) : []),
      'library-files',
    ];
  },
};

/** @throws KarstError not-available where no image processor prepares images so */
function preprocessorOf(
  { preprocessing }: ExportedModel,
  { modelType }: HuggingFaceBuild,
): HuggingFacePreprocessor {
  const preprocessor = huggingFacePreprocessor(preprocessing, modelType);
  if (preprocessor !== null) return preprocessor;
  throw new KarstError(
    'not-available',
    'No image processor of transformers prepares images as this model was trained.',
    { hint: 'Export it for timm ("--format timm").', option: '--format' },
  );
}

/** What the class has and only pre-training reads. */
function unused({ modelType, written }: HuggingFaceBuild): TensorToWrite[] {
  if (!modelType.startsWith('dinov2')) return [];
  const { width } = written;
  return [
    {
      name: `${modelType}.embeddings.mask_token`,
      shape: [1, width],
      dtype: 'F32',
      data: new Float32Array(width),
    },
  ];
}

function huggingFaceConfig(
  { modelType, className, config }: HuggingFaceBuild,
  { labels }: ExportedModel,
): Record<string, unknown> {
  const ids = labels.map((label, id): [string, string] => [String(id), label]);
  const unique = new Set(labels).size === labels.length;
  return {
    architectures: [className],
    model_type: modelType,
    ...config,
    id2label: Object.fromEntries(ids),
    ...(unique ? { label2id: Object.fromEntries(labels.map((label, id) => [label, id])) } : {}),
    problem_type: 'single_label_classification',
  };
}
