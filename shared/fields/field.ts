import * as v from 'valibot';

/** A field's value; lists contain words. */
export type FieldValue = string | number | boolean | readonly string[];

/** What a change of the value affects. */
export type Effect = 'results' | 'speed' | 'memory';

export type Unit = 'pixels' | 'degrees' | 'epochs' | 'seconds';

export interface NumberLimits {
  readonly kind: 'number';
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
  /** Whether the limit is exclusive. */
  readonly minExcluded?: true;
  readonly maxExcluded?: true;
  /** A special value outside the limits, and its meaning. */
  readonly special?: { readonly value: number; readonly meaning: string };
}

export type FieldLimits =
  | NumberLimits
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'several'; readonly choices: readonly string[] }
  | { readonly kind: 'flag' };

/** Declarations of a field beside its type and limits. */
export interface FieldInfo<T extends FieldValue> {
  readonly default: T;
  /**
   * One or two English sentences for the command line and the window; translations are in the
   * locales.
   */
  readonly help: string;
  readonly affects: readonly Effect[];
  /** Short names for the command line; default: the field's name. */
  readonly short?: readonly string[];
  /** Section where it is shown; default: that of its group. */
  readonly section?: string;
  readonly unit?: Unit;
  /** The value that means "off". */
  readonly off?: T;
  /** The usual range of a number; a form warns outside it. */
  readonly usual?: readonly [low: number, high: number];
  /** Step of a number field; `tenth`: a tenth of the value's magnitude. */
  readonly step?: number | 'tenth';
  /** The key in files, if it is not the name in snake case. */
  readonly stored?: string;
  /** Whether it has an effect, given other fields' values by dotted name; default: always. */
  readonly matters?: (valueOf: (name: string) => FieldValue) => boolean;
}

/** One setting or option: the only definition of its type, limits, default and English help. */
export interface Field<T extends FieldValue = FieldValue> extends FieldInfo<T> {
  readonly limits: FieldLimits;
  /** The allowed values, completing "… must be". */
  readonly expected: string;
  /** Checks the value against the limits; every message is `expected`. */
  readonly schema: v.GenericSchema<unknown, T>;
  /** Checks only the type of the value; limits are reported by name elsewhere. */
  readonly looseSchema: v.GenericSchema<unknown, T>;
}

/** Bound on numbers before their limits are checked, so that products of a few do not overflow. */
const WIDEST = 1e9;
/** Bound on lists before their limits are checked. */
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

/** Greater than `min`. */
export function above(min: number, max: number, info: FieldInfo<number>): Field<number> {
  return numberField({ kind: 'number', min, max, whole: false, minExcluded: true }, info);
}

/** Less than `max`. */
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
