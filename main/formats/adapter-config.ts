import * as v from 'valibot';
import { KarstError } from '../../shared/domain/errors.ts';
import { METHOD_NAMES, type Tuning } from '../../shared/methods/registry.ts';
import { familyOf } from '../../shared/models/registry.ts';
import { taskNames } from '../../shared/tasks/registry.ts';
import { singleLabel } from '../../shared/tasks/single-label.ts';
import { inWords } from './json-words.ts';
import { storedArchitecture } from './stored-architecture.ts';
import {
  object,
  orNull,
  plain,
  record,
  type Stored,
  type ValueOf,
  type ValuesOf,
} from './stored-record.ts';
import { expectedOf, optionsOf } from './stored-options.ts';

/**
 * The JSON files of a native adapter folder. On disk the keys are in snake case, as Hugging Face
 * PEFT has them; every object is strict, so that a misspelt key is an error and not a default.
 */

const ADAPTER_FORMAT_VERSION = 1;

const real = plain(v.pipe(v.number(), v.finite()));
const shortText = v.pipe(v.string(), v.maxLength(1000));
const text = plain(shortText);

/** Provenance of the adapter, informational only. */
const training = record({
  runId: text,
  runName: text,
  finishedAt: text,
  seed: real,
  epochs: real,
  bestEpoch: real,
  steps: real,
  /** Of the steps alone, without start, features and validation. */
  seconds: real,
  batchSize: real,
  learningRate: real,
  weightDecay: real,
  trainImages: real,
  valImages: real,
  /** null without validation images. */
  valTop1: orNull(real),
  valLoss: orNull(real),
});

/** Omitted for the default task, so that earlier versions can read it. */
const task: Stored<string> = {
  schema: v.optional(shortText, singleLabel.name),
  write: (name) => (name === singleLabel.name ? undefined : name),
};

const sha256 = plain(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)));
const parentAdapter = object(record({ name: text, sha256 }));

/** Omitted for an adapter without one, so that earlier versions can read it. */
const parent: Stored<ValueOf<typeof parentAdapter> | null> = {
  schema: v.optional(v.nullable(parentAdapter.schema), null),
  write: (value) => (value === null ? undefined : parentAdapter.write(value)),
};

const FACTS = {
  /** The task, as in `shared/tasks`. */
  task,
  backboneName: text,
  /** null for a model trained from scratch (method `full`). */
  backboneSha256: orNull(sha256),
  /** Of the stored backbone; the adapter's image size is in its preprocessing. */
  architecture: storedArchitecture,
  /** The adapter whose weights it was trained on from: its name, and the hash of its weights. */
  parent,
  training: orNull(object(training)),
};

const facts = record(FACTS, {
  backboneName: 'base_model_name_or_path',
  backboneSha256: 'base_model_sha256',
});

/** The method with its options, and what it was trained on. */
export type AdapterConfig = Tuning & ValuesOf<typeof FACTS>;

/** What every file of this version holds. */
const FORMAT = { peft_type: 'KARST', format_version: ADAPTER_FORMAT_VERSION } as const;
/** What is trained besides, as PEFT calls it. */
const TRAINED = { modules_to_save: ['head'] } as const;

const configSchema = v.variant(
  'method',
  METHOD_NAMES.map((method) =>
    v.strictObject({
      ...optionsOf(method).entries,
      ...facts.entries,
      peft_type: v.literal(FORMAT.peft_type),
      format_version: v.literal(FORMAT.format_version),
      modules_to_save: v.tuple([v.literal('head')]),
      method: v.literal(method),
    }),
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
    `${path} is not a description that this version supports: ${key === null ? '' : `"${key}"${expected === null ? ':' : ' must be'} `}${expected ?? issue.message}.`,
    { hint: 'Use an adapter folder written by this version of KARST Studio.', path },
  );
}

/** `adapter_config.json` as an object. @throws format-unsupported when the config contradicts itself */
export function adapterConfigToJson(config: AdapterConfig): Record<string, unknown> {
  const { method, options } = config;
  const { training: history, ...origin } = facts.write(config);
  const json = {
    ...FORMAT,
    method,
    ...origin,
    ...optionsOf(method).write(options),
    ...TRAINED,
    training: history,
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
      `${path} is not a description that this version supports: "method": must be one of ${METHOD_NAMES.join(', ')}.`,
      { hint: 'Use an adapter folder written by this version of KARST Studio.', path },
    );
  const checked = parse(configSchema, value, path);
  const { method } = checked;
  const read = facts.read(checked);
  const { task: name, architecture } = read;
  if (!taskNames().includes(name))
    throw new KarstError(
      'format-unsupported',
      `${path} is of an adapter for a task that this version of KARST Studio does not know, "${name}".`,
      { hint: 'Update KARST Studio.', path },
    );
  const contradiction = familyOf(architecture).contradiction(architecture);
  if (contradiction !== null)
    throw new KarstError(
      'format-unsupported',
      `${path} describes an architecture that does not add up: ${contradiction}.`,
      { hint: 'Use an adapter folder written by this version of KARST Studio.', path },
    );
  // The schemas of a method's fields give the options of that method.
  return { ...read, method, options: optionsOf(method).read(checked) } as AdapterConfig;
}

/** Reads `labels.json`: an array of class names, the index is the head's output. @throws format-unsupported */
export function labelsFromJson(value: unknown, path: string): string[] {
  return parse(labelsSchema, value, path);
}
