import * as v from 'valibot';
import type { Field } from '../fields/field.ts';
import { METHODS, type Tuning } from '../methods/registry.ts';
import { augmentation, common, optimizer, schedule } from './fields.ts';
import { flatSettings } from './names.ts';
import {
  settingsOrStandard,
  type AllSettings,
  type RunSettings,
  type SomeSettings,
} from './settings.ts';

/** Settings of a run, as they are stored, sent and compared: the options are those of its own method. */
export interface TrainingConfig extends RunSettings {
  readonly tuning: Tuning;
}

/** What settings of all methods say of a run. */
export function configFrom(settings: AllSettings): TrainingConfig {
  const { method } = settings;
  const options = new Map<string, unknown>(Object.entries(settings)).get(method) ?? {};
  const run = Object.fromEntries(
    Object.entries(settings).filter(([name]) => RUN_SETTINGS.has(name)),
  );
  // Of the same names as the types, which are made of the same groups; options lie under the method's name.
  return { ...run, tuning: { method, options } } as unknown as TrainingConfig;
}

/** The settings of a run beside the standard options of other methods. */
export function allSettings(config: TrainingConfig): AllSettings {
  return settingsOrStandard(flatSettings(config));
}

/**
 * Settings as a run of this or an earlier version was stored, or some of them. One that was not known yet takes its
 * standard value: what was not there did not happen.
 */
export function completeConfig(stored: SomeSettings | Partial<TrainingConfig>): TrainingConfig {
  return configFrom(settingsOrStandard(flatSettings(stored)));
}

const ofEveryMethod = Object.entries<Field>(common.fields).filter(([name]) => name !== 'method');
const GROUPS = { schedule, optimizer, augmentation };
const RUN_SETTINGS: ReadonlySet<string> = new Set([
  ...ofEveryMethod.map(([name]) => name),
  ...Object.keys(GROUPS),
]);

type Kind = 'schema' | 'looseSchema';

function objectSchema<E extends v.ObjectEntries>(kind: Kind, fields: E) {
  return kind === 'schema' ? v.strictObject(fields) : v.object(fields);
}

/** A method with its options. */
function tuningSchema(kind: Kind): v.GenericSchema<unknown, Tuning> {
  const methods = METHODS.map(({ name, options }) =>
    objectSchema(kind, { method: v.literal(name), options: options[kind] }),
  );
  // Each method with the options of its own group, as in `Tuning`.
  return v.variant('method', methods, common.fields.method.expected) as unknown as v.GenericSchema<
    unknown,
    Tuning
  >;
}

function configSchema(kind: Kind): v.GenericSchema<unknown, TrainingConfig> {
  const entries: v.ObjectEntries = {
    ...Object.fromEntries(ofEveryMethod.map(([name, field]) => [name, field[kind]])),
    ...Object.fromEntries(Object.entries(GROUPS).map(([name, group]) => [name, group[kind]])),
    tuning: tuningSchema(kind),
  };
  // Of the same names as `TrainingConfig`, which is made of the same groups.
  return objectSchema(kind, entries) as unknown as v.GenericSchema<unknown, TrainingConfig>;
}

/** Settings within their limits; the messages finish the sentence "… must be". */
export const trainingSchema = configSchema('schema');
/** Settings of the right kind; what is out of its limits is told by name when a training is planned. */
export const looseTrainingSchema = configSchema('looseSchema');
export const looseTuningSchema = tuningSchema('looseSchema');
