import * as v from 'valibot';

/** A value that a field can have; lists are of words. */
export type FieldValue = string | number | boolean | readonly string[];

/** What changes when the value changes, beside the run's record of it. */
export type Effect = 'results' | 'speed' | 'memory';

export type Unit = 'pixels' | 'degrees' | 'epochs' | 'seconds';

/** A default that is not the same everywhere is looked up by these. */
export interface DefaultContext {
  readonly method: string;
  /** Of the backbone; null while none is chosen. */
  readonly family: string | null;
}

export interface NumberLimits {
  readonly kind: 'number';
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
  /** The limit itself is not allowed. */
  readonly minExcluded?: true;
  readonly maxExcluded?: true;
  /** A value outside the limits that is allowed as well, and what it means. */
  readonly special?: { readonly value: number; readonly meaning: string };
}

export type FieldLimits =
  | NumberLimits
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'several'; readonly choices: readonly string[] }
  | { readonly kind: 'flag' };

/** What is declared of every field beside its type and limits. */
export interface FieldInfo<T extends FieldValue> {
  readonly default: T;
  /** One English sentence or two for the command line and the window; other languages have theirs in the locales. */
  readonly help: string;
  readonly affects: readonly Effect[];
  /** For a method or a family that has a default of its own. */
  readonly defaultFor?: (context: DefaultContext) => T | undefined;
  /** Names without dots for the command line; left out: the field's own name. */
  readonly short?: readonly string[];
  /** Under which heading it is shown; left out: that of its group. */
  readonly section?: string;
  readonly unit?: Unit;
  /** The value that switches the thing off. */
  readonly off?: T;
  /** Lowest and highest value that anyone uses, with room: of others a form warns. For numbers. */
  readonly usual?: readonly [low: number, high: number];
  /** By how much a step of a number field changes the value; `tenth`: by a tenth of its magnitude. */
  readonly step?: number | 'tenth';
  /** The key in files whose keys are in snake case, where it is not the name in snake case. */
  readonly stored?: string;
  /** Whether it has any effect beside the values of other fields, by their dotted names; left out: always. */
  readonly matters?: (valueOf: (name: string) => FieldValue) => boolean;
}

/** One setting or option: the only place where its type, limits, default and English help are written. */
export interface Field<T extends FieldValue = FieldValue> extends FieldInfo<T> {
  readonly limits: FieldLimits;
  /** What is allowed, to finish the sentence "… must be". */
  readonly expected: string;
  /** Checks the value against the limits; every message is `expected`. */
  readonly schema: v.GenericSchema<unknown, T>;
  /** Checks what kind of value it is and leaves the limits to whoever reports them by name. */
  readonly looseSchema: v.GenericSchema<unknown, T>;
}

/**
 * Numbers are held to this before their limits are known, so that no product of a few of them overflows.
 */
const WIDEST = 1e9;
/** Longest list before its limits are known. */
const LONGEST = 100;

/** 100,000 for 100000. Not by `toLocaleString`, whose first call loads the data of all languages (tens of milliseconds). */
function grouped(value: number): string {
  return Number.isInteger(value) ? String(value).replace(/\B(?=(\d{3})+$)/g, ',') : String(value);
}

/** Whether the number is allowed. */
export function isWithin(limits: NumberLimits, value: number): boolean {
  const { min, max, whole, minExcluded, maxExcluded, special } = limits;
  return (
    value === special?.value ||
    ((whole ? Number.isSafeInteger(value) : true) &&
      (minExcluded === true ? value > min : value >= min) &&
      (maxExcluded === true ? value < max : value <= max))
  );
}

function numberField(limits: NumberLimits, info: FieldInfo<number>): Field<number> {
  const { min, max, whole, minExcluded, maxExcluded, special } = limits;
  const kind = whole ? 'a whole number' : 'a number';
  const range =
    minExcluded === true
      ? `${kind} above ${grouped(min)}, at most ${grouped(max)}`
      : maxExcluded === true
        ? `${kind} from ${grouped(min)} to below ${grouped(max)}`
        : `${kind} from ${grouped(min)} to ${grouped(max)}`;
  const expected =
    special === undefined ? range : `${range}, or ${special.value} for ${special.meaning}`;
  const inside = (value: number): boolean => isWithin(limits, value);
  const lowest = Math.min(whole && min >= 0 ? 0 : -WIDEST, special?.value ?? 0);
  const highest = Math.max(WIDEST, max);
  return {
    ...info,
    limits,
    expected,
    schema: v.pipe(v.number(expected), v.check(inside, expected)),
    looseSchema: v.pipe(
      v.number(),
      v.check((value) => !whole || Number.isInteger(value), 'a whole number'),
      v.minValue(lowest),
      v.maxValue(highest),
    ),
  };
}

export function whole(
  min: number,
  max: number,
  info: FieldInfo<number> & Pick<NumberLimits, 'special'>,
): Field<number> {
  const { special, ...rest } = info;
  const limits: NumberLimits = { kind: 'number', min, max, whole: true };
  return numberField(special === undefined ? limits : { ...limits, special }, rest);
}

export function real(min: number, max: number, info: FieldInfo<number>): Field<number> {
  return numberField({ kind: 'number', min, max, whole: false }, info);
}

/** Above `min`, which is not allowed itself. */
export function above(min: number, max: number, info: FieldInfo<number>): Field<number> {
  return numberField({ kind: 'number', min, max, whole: false, minExcluded: true }, info);
}

/** Below `max`, which is not allowed itself. */
export function below(min: number, max: number, info: FieldInfo<number>): Field<number> {
  return numberField({ kind: 'number', min, max, whole: false, maxExcluded: true }, info);
}

export function oneOf<const W extends readonly string[]>(
  choices: W,
  info: FieldInfo<W[number]>,
): Field<W[number]> {
  const expected = `one of ${choices.join(', ')}`;
  const schema = v.picklist(choices, expected);
  return { ...info, limits: { kind: 'choice', choices }, expected, schema, looseSchema: schema };
}

/** At least one of the words, each at most once. */
export function someOf<const W extends readonly string[]>(
  choices: W,
  info: FieldInfo<readonly W[number][]>,
): Field<readonly W[number][]> {
  const expected = `a list of ${choices.join(', ')}, each at most once`;
  return {
    ...info,
    limits: { kind: 'several', choices },
    expected,
    schema: v.pipe(
      v.array(v.picklist(choices, expected), expected),
      v.minLength(1, expected),
      v.check((list) => new Set(list).size === list.length, expected),
    ),
    looseSchema: v.pipe(v.array(v.picklist(choices)), v.maxLength(LONGEST)),
  };
}

export function flag(info: FieldInfo<boolean>): Field<boolean> {
  const expected = 'true or false';
  const schema = v.boolean(expected);
  return { ...info, limits: { kind: 'flag' }, expected, schema, looseSchema: schema };
}
