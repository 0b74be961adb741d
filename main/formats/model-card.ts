import type { Preprocessing } from '../../shared/domain/preprocessing.ts';
import { describeTuning } from '../../shared/methods/describe.ts';
import { methodSpec } from '../../shared/methods/registry.ts';
import { trainedParameters } from '../../shared/methods/trained.ts';
import { familyOf, type Architecture } from '../../shared/models/registry.ts';
import type { AdapterConfig } from './adapter-config.ts';

/** A YAML scalar in double quotes; JSON's escapes are a subset of YAML's. */
const yaml = (text: string): string => JSON.stringify(text);
/** `width 192, blocks 12, heads 3, …` */
function inWords(a: Architecture): string {
  const facts = familyOf(a).facts(a);
  const named = facts.map(
    ({ label, value }) => `${label} ${typeof value === 'number' ? value : value ? 'yes' : 'no'}`,
  );
  return `${named.join(', ')}, patches of ${String(familyOf(a).sizeStep(a))}`;
}

const percent = (x: number): string => `${(100 * x).toFixed(1)} %`;

const CLASS_LINE = '- Classes (';

const classLine = (labels: readonly string[]): string =>
  `${CLASS_LINE}${labels.length}): ${labels.slice(0, 50).join(', ')}${labels.length > 50 ? ', …' : ''}`;

/** The same card for other names of the classes. */
export function relabelledCard(card: string, labels: readonly string[]): string {
  return card
    .split('\n')
    .map((line) => (line.startsWith(CLASS_LINE) ? classLine(labels) : line))
    .join('\n');
}

/**
 * `README.md` of an adapter folder: a model card with YAML front matter as Hugging Face reads it.
 * @param notes paragraphs of the author, put after the facts
 */
export function adapterCard(
  name: string,
  c: AdapterConfig,
  preprocessing: Preprocessing,
  labels: readonly string[],
  notes = '',
): string {
  const head = [
    '---',
    'library_name: karst-studio',
    'pipeline_tag: image-classification',
    `base_model: ${yaml(c.backboneName)}`,
    `base_model_relation: ${methodSpec(c.method).scope === 'model' ? 'finetune' : 'adapter'}`,
    'tags:',
    '- image-classification',
    `- ${c.architecture.family}`,
    `- ${c.method}`,
    'metrics:',
    '- accuracy',
    '---',
    '',
  ];
  const t = c.training;
  const a = c.architecture;
  const working = { ...a, imageSize: preprocessing.imageSize };
  const parameters = trainedParameters(working, c, labels.length).adapter;
  const facts = [
    `# ${name}`,
    '',
    `- Backbone: ${c.backboneName} (${inWords(a)}, ${preprocessing.imageSize} pixels)`,
    `- Backbone sha256: ${c.backboneSha256 ?? 'none, trained from scratch'}`,
    `- Method: ${describeTuning(c)}; ${parameters} parameters beside the head`,
    classLine(labels),
    ...(c.parent === null
      ? []
      : [`- Started from: the weights of ${c.parent.name}, sha256 ${c.parent.sha256}`]),
    ...(t === null
      ? []
      : [
          `- Training: run ${t.runName} (${t.runId}), ${t.trainImages} images, ${t.epochs} epochs, ${t.steps} steps of ${t.batchSize}, learning rate ${t.learningRate}, weight decay ${t.weightDecay}, seed ${t.seed}, steps took ${Math.round(t.seconds)} s; finished ${t.finishedAt}`,
          t.valTop1 === null
            ? '- Validation: none'
            : `- Validation: ${percent(t.valTop1)} of ${t.valImages} images right${t.valLoss === null ? '' : `, loss ${t.valLoss.toFixed(4)}`} (epoch ${t.bestEpoch})`,
        ]),
    '',
    'Files: `adapter_model.safetensors` (weights, float32), `adapter_config.json`, `preprocessor_config.json`, `labels.json`.',
    '',
  ];
  return [...head, ...facts, ...(notes === '' ? [] : [notes.trimEnd(), ''])].join('\n');
}

/**
 * `README.md` of a merged model's folder: what it was made of and how to use it.
 * @param backbone name of the backbone that the adapter was merged into
 */
export function modelCard(
  backbone: string,
  adapter: { readonly config: AdapterConfig; readonly labels: readonly string[] },
  a: Architecture,
): string {
  const { config, labels } = adapter;
  const name = config.training?.runName ?? 'merged model';
  return [
    '---',
    'library_name: timm',
    'pipeline_tag: image-classification',
    `base_model: ${yaml(backbone)}`,
    'base_model_relation: finetune',
    'tags:',
    '- image-classification',
    `- ${a.family}`,
    '---',
    '',
    `# ${name}, merged`,
    '',
    `The adapter ${name} (${methodSpec(config.method).title}) merged into the backbone ${backbone}: a plain ${familyOf(a).title} under timm's names (${inWords(a)}, ${String(a.imageSize)} pixels).`,
    '',
    `- Classes (${String(labels.length)}): ${labels.slice(0, 50).join(', ')}${labels.length > 50 ? ', …' : ''}`,
    "- `timm.create_model('local-dir:FOLDER', pretrained=True)` opens this folder; `config.json` names the registered model that is nearest and says every number.",
    '- `labels.json` names the outputs in order; `preprocessor_config.json` says how images are prepared; `config.json` describes the network.',
    '',
  ].join('\n');
}
