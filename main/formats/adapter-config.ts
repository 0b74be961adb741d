import * as v from 'valibot';
import { KarstError } from '../../shared/domain/errors.ts';
import { METHOD_NAMES, type Tuning } from '../../shared/methods/registry.ts';
import { familyOf, type Architecture } from '../../shared/models/registry.ts';
import { architectureFromJson, architectureJson, architectureToJson } from './architecture-json.ts';
import { taskNames } from '../../shared/tasks/registry.ts';
import { singleLabel } from '../../shared/tasks/single-label.ts';
import { inWords } from './json-words.ts';
import { expectedOf, optionsToJson, storedSchemas, tuningFromJson } from './stored-options.ts';

/**
 * The JSON files of a native adapter folder and what they mean here. On disk the keys are in snake case, as
 * Hugging Face PEFT has them; every object is strict, so that a misspelt key is an error and not a default.
 */

const ADAPTER_FORMAT_VERSION = 1;

/** How the adapter came to be; for people, nothing is computed from it. */
export interface TrainingSummary {
  readonly runId: string;
  readonly runName: string;
  readonly finishedAt: string;
  readonly seed: number;
  readonly epochs: number;
  readonly bestEpoch: number;
  readonly steps: number;
  readonly seconds: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly trainImages: number;
  readonly valImages: number;
  /** null when there were no validation images. */
  readonly valTop1: number | null;
  readonly valLoss: number | null;
}

interface AdapterFacts {
  /** What it was trained to say of an image, as in `shared/tasks`. */
  readonly task: string;
  readonly backboneName: string;
  /** null for a model that was trained from a bare shape (method `full`). */
  readonly backboneSha256: string | null;
  /** Of the backbone as it is stored; the side the adapter works at is in its preprocessing. */
  readonly architecture: Architecture;
  readonly training: TrainingSummary | null;
}

/** The method with its options, and what it was trained on. */
export type AdapterConfig = Tuning & AdapterFacts;

const real = v.pipe(v.number(), v.finite());
const shortText = v.pipe(v.string(), v.maxLength(1000));

const trainingSchema = v.strictObject({
  run_id: shortText,
  run_name: shortText,
  finished_at: shortText,
  seed: real,
  epochs: real,
  best_epoch: real,
  steps: real,
  seconds: real,
  batch_size: real,
  learning_rate: real,
  weight_decay: real,
  train_images: real,
  val_images: real,
  val_top1: v.nullable(real),
  val_loss: v.nullable(real),
});

const common = {
  peft_type: v.literal('KARST'),
  format_version: v.literal(ADAPTER_FORMAT_VERSION),
  task: v.exactOptional(shortText),
  base_model_name_or_path: shortText,
  base_model_sha256: v.nullable(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))),
  architecture: architectureJson,
  modules_to_save: v.tuple([v.literal('head')]),
  training: v.nullable(trainingSchema),
};

const configSchema = v.variant(
  'method',
  METHOD_NAMES.map((method) =>
    v.strictObject({ ...storedSchemas(method), ...common, method: v.literal(method) }),
  ),
);

const labelsSchema = v.pipe(
  v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(1000))),
  v.minLength(1),
  v.maxLength(1_000_000),
  v.check((l) => new Set(l).size === l.length, 'a class is named twice'),
);

function parse<S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  path: string,
): v.InferOutput<S> {
  const outcome = v.safeParse(schema, value);
  if (outcome.success) return outcome.output;
  const issue = outcome.issues[0];
  const key = v.getDotPath(issue);
  const expected = key === null ? null : expectedOf(key);
  throw new KarstError(
    'format-unsupported',
    `${path} is not a description this version understands: ${key === null ? '' : `"${key}"${expected === null ? ':' : ' must be'} `}${expected ?? issue.message}.`,
    { hint: 'Take an adapter folder that this version of KARST Studio wrote.', path },
  );
}

function trainingToJson(t: TrainingSummary): v.InferInput<typeof trainingSchema> {
  return {
    run_id: t.runId,
    run_name: t.runName,
    finished_at: t.finishedAt,
    seed: t.seed,
    epochs: t.epochs,
    best_epoch: t.bestEpoch,
    steps: t.steps,
    seconds: t.seconds,
    batch_size: t.batchSize,
    learning_rate: t.learningRate,
    weight_decay: t.weightDecay,
    train_images: t.trainImages,
    val_images: t.valImages,
    val_top1: t.valTop1,
    val_loss: t.valLoss,
  };
}

/** `adapter_config.json` as an object. @throws format-unsupported when the config contradicts itself */
export function adapterConfigToJson(c: AdapterConfig): Record<string, unknown> {
  const json = {
    peft_type: 'KARST',
    format_version: ADAPTER_FORMAT_VERSION,
    method: c.method,
    // Not written of what earlier versions take every adapter for, so that they can read it.
    ...(c.task === singleLabel.name ? {} : { task: c.task }),
    base_model_name_or_path: c.backboneName,
    base_model_sha256: c.backboneSha256,
    architecture: architectureToJson(c.architecture),
    ...optionsToJson(c),
    modules_to_save: ['head'],
    training: c.training === null ? null : trainingToJson(c.training),
  };
  parse(configSchema, json, 'adapter_config.json');
  return json;
}

/** Reads `adapter_config.json`, strictly. @throws format-unsupported naming the key */
export function adapterConfigFromJson(value: unknown, path: string): AdapterConfig {
  if (typeof value === 'object' && value !== null && 'peft_type' in value) {
    const { peft_type: type, format_version: version } = value as Record<string, unknown>;
    if (type !== 'KARST')
      throw new KarstError(
        'format-unsupported',
        `${path} is a PEFT adapter of type ${inWords(type)}, not KARST.`,
        {
          hint: 'Only KARST adapters can be imported.',
          path,
        },
      );
    if (typeof version === 'number' && version > ADAPTER_FORMAT_VERSION)
      throw new KarstError(
        'format-unsupported',
        `${path} is written in format version ${version}; this version of KARST Studio reads ${ADAPTER_FORMAT_VERSION}.`,
        { hint: 'Update KARST Studio.', path },
      );
  }
  if (
    typeof value === 'object' &&
    value !== null &&
    !METHOD_NAMES.some((method) => method === (value as { method?: unknown }).method)
  )
    throw new KarstError(
      'format-unsupported',
      `${path} is not a description this version understands: "method": must be one of ${METHOD_NAMES.join(', ')}.`,
      { hint: 'Take an adapter folder that this version of KARST Studio wrote.', path },
    );
  const c = parse(configSchema, value, path);
  const { task = singleLabel.name } = c;
  if (!taskNames().includes(task))
    throw new KarstError(
      'format-unsupported',
      `${path} is of an adapter for a task that this version of KARST Studio does not know, "${task}".`,
      { hint: 'Update KARST Studio.', path },
    );
  const architecture = architectureFromJson(c.architecture);
  const contradiction = familyOf(architecture).contradiction(architecture);
  if (contradiction !== null)
    throw new KarstError(
      'format-unsupported',
      `${path} describes an architecture that does not add up: ${contradiction}.`,
      { hint: 'Take an adapter folder that this version of KARST Studio wrote.', path },
    );
  const t = c.training;
  return {
    ...tuningFromJson(c.method, c),
    task,
    backboneName: c.base_model_name_or_path,
    backboneSha256: c.base_model_sha256,
    architecture,
    training:
      t === null
        ? null
        : {
            runId: t.run_id,
            runName: t.run_name,
            finishedAt: t.finished_at,
            seed: t.seed,
            epochs: t.epochs,
            bestEpoch: t.best_epoch,
            steps: t.steps,
            seconds: t.seconds,
            batchSize: t.batch_size,
            learningRate: t.learning_rate,
            weightDecay: t.weight_decay,
            trainImages: t.train_images,
            valImages: t.val_images,
            valTop1: t.val_top1,
            valLoss: t.val_loss,
          },
  };
}

/** Reads `labels.json`: an array of class names, the index is the head's output. @throws format-unsupported */
export function labelsFromJson(value: unknown, path: string): string[] {
  return parse(labelsSchema, value, path);
}
