import { EXPORT_NOTES, openingLines } from '../../shared/domain/export-words.ts';
import type { ModelFormat } from '../../shared/domain/export-target.ts';
import { describeTuning } from '../../shared/methods/describe.ts';
import { familyOf } from '../../shared/models/registry.ts';
import { architectureInWords, classLine, trainingLines, yamlText } from '../formats/model-card.ts';
import { preprocessingInWords } from '../formats/preprocessing/words.ts';
import type { ExportedModel, Written } from './exporter.ts';

/** The library that opens the folder, as Hugging Face names it. */
const LIBRARY: Readonly<Record<ModelFormat, string>> = {
  timm: 'timm',
  hf: 'transformers',
  onnx: 'onnx',
  savedmodel: 'tensorflow',
};

/** Who opens the folder, and what the model takes and gives where no library knows it. */
const OPENED_BY: Readonly<Record<ModelFormat, string>> = {
  timm: 'timm opens this folder, and transformers does by way of timm.',
  hf: 'transformers opens this folder.',
  onnx: 'ONNX Runtime and other programs that read opset 17 open `model.onnx`. It takes `pixel_values`, any number of prepared images, and gives `logits` and `probabilities`. In Python, by the script in this folder:',
  savedmodel:
    'TensorFlow and TensorFlow Serving open this folder. The signature `serving_default` takes `images`, any number that are prepared, and gives `logits` and `probabilities`; `files` takes `file`, the bytes of one file, and gives `probabilities` and `pixels`.',
};

const HOW: Readonly<Record<string, string>> = {
  'predict.py': 'python predict.py PICTURE…',
  'predict.mjs': 'node predict.mjs PICTURE…',
};

/** `README.md` of a model's folder: a card with YAML front matter as Hugging Face reads it. */
export function exportCard(
  model: ExportedModel,
  { format, precision, notes }: Written,
  scripts: readonly string[],
): string {
  const { name, merged, backbone, architecture, labels, adapter, manifestSha256 } = model;
  const { family, imageSize } = architecture;
  return [
    '---',
    `library_name: ${LIBRARY[format]}`,
    'pipeline_tag: image-classification',
    `base_model: ${yamlText(backbone.name)}`,
    'base_model_relation: finetune',
    ...(backbone.licence === null ? [] : [`license: ${yamlText(backbone.licence)}`]),
    'tags:',
    '- image-classification',
    `- ${family}`,
    'metrics:',
    '- accuracy',
    '---',
    '',
    `# ${name}`,
    '',
    `A classifier of images: the adapter ${name} ${merged ? 'merged into' : 'as extra layers on'} the backbone ${backbone.name}, a ${familyOf(architecture).title} (${architectureInWords(architecture)}, ${String(imageSize)} pixels).`,
    '',
    classLine(labels),
    `- Method: ${describeTuning(adapter)}`,
    ...trainingLines(adapter),
    ...(manifestSha256 === null ? [] : [`- List of images: sha256 ${manifestSha256}`]),
    `- Backbone: sha256 ${backbone.sha256 ?? 'none, trained from scratch'}`,
    `- License of the backbone: ${backbone.licence ?? 'not said by its files'}`,
    ...(precision === null ? [] : [`- Weights: ${precision}`]),
    '',
    '## How to use it',
    '',
    OPENED_BY[format],
    '',
    '```python',
    ...openingLines(format, '.'),
    '```',
    '',
    ...scripts.map((script) => `- \`${HOW[script] ?? script}\` prints the classes of pictures.`),
    '- `labels.txt` names the outputs in order, one a line.',
    ...notes.map((note) => `- ${EXPORT_NOTES[note]}`),
    '',
    '## How images are prepared',
    '',
    preprocessingInWords(model.preprocessing),
    '',
  ].join('\n');
}
