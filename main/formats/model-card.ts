import { counted } from '../../shared/domain/counted.ts';
import type { Preprocessing } from '../../shared/domain/preprocessing.ts';
import { describeTuning } from '../../shared/methods/describe.ts';
import { methodSpec } from '../../shared/methods/registry.ts';
import { trainedParameters } from '../../shared/methods/trained.ts';
import { factInWords, factLabel } from '../../shared/models/family.ts';
import { familyOf, type Architecture } from '../../shared/models/registry.ts';
import type { AdapterConfig } from './adapter-config.ts';

/** A YAML scalar in double quotes; JSON's escapes are a subset of YAML's. */
export const yamlText = (text: string): string => JSON.stringify(text);
/** `width 192, blocks 12, heads 3, …` */
export function architectureInWords(a: Architecture): string {
  const facts = familyOf(a).facts(a);
  const named = facts.map(({ name, value }) => `${factLabel(name)} ${factInWords(value)}`);
  return `${named.join(', ')}, patches of ${String(familyOf(a).patch(a))}`;
}

const percent = (x: number): string => `${(100 * x).toFixed(1)} %`;

const CLASS_LINE = '- Classes (';

export const classLine = (labels: readonly string[]): string =>
  `${CLASS_LINE}${labels.length}): ${labels.slice(0, 50).join(', ')}${labels.length > 50 ? ', …' : ''}`;

/** The same card for other names of the classes. */
export function relabelledCard(card: string, labels: readonly string[]): string {
  return card
    .split('\n')
    .map((line) => (line.startsWith(CLASS_LINE) ? classLine(labels) : line))
    .join('\n');
}

/** How it was trained, and what validation gave; none for an adapter that does not say. */
export function trainingLines({ training: t }: Pick<AdapterConfig, 'training'>): string[] {
  if (t === null) return [];
  const { valTop1, valLoss, valImages, bestEpoch } = t;
  const loss = valLoss === null ? '' : `, loss ${valLoss.toFixed(4)}`;
  return [
    `- Training: run ${t.runName} (${t.runId}), ${counted(t.trainImages, 'image')}, ${counted(t.epochs, 'epoch')}, ${counted(t.steps, 'step')} of ${t.batchSize}, learning rate ${t.learningRate}, weight decay ${t.weightDecay}, seed ${t.seed}, steps took ${Math.round(t.seconds)} s; finished ${t.finishedAt}`,
    valTop1 === null
      ? '- Validation: none'
      : `- Validation: ${percent(valTop1)} of ${counted(valImages, 'image')} right${loss} (epoch ${bestEpoch})`,
  ];
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
    `base_model: ${yamlText(c.backboneName)}`,
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
  const a = c.architecture;
  const working = { ...a, imageSize: preprocessing.imageSize };
  const parameters = trainedParameters(working, c, labels.length).adapter;
  const facts = [
    `# ${name}`,
    '',
    `- Backbone: ${c.backboneName} (${architectureInWords(a)}, ${preprocessing.imageSize} pixels)`,
    `- Backbone sha256: ${c.backboneSha256 ?? 'none, trained from scratch'}`,
    `- Method: ${describeTuning(c)}; ${parameters} parameters beside the head`,
    classLine(labels),
    ...(c.parent === null
      ? []
      : [`- Started from: the weights of ${c.parent.name}, sha256 ${c.parent.sha256}`]),
    ...trainingLines(c),
    '',
    'Files: `adapter_model.safetensors` (weights, float32), `adapter_config.json`, `preprocessor_config.json`, `labels.json`.',
    '',
  ];
  return [...head, ...facts, ...(notes === '' ? [] : [notes.trimEnd(), ''])].join('\n');
}
