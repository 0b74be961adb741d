import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { above, below, flag, oneOf, real, someOf, whole } from '../../../shared/fields/field.ts';
import { group } from '../../../shared/fields/group.ts';

const info = { help: 'Some help.', affects: ['results'] } as const;

const FIELDS = {
  whole: whole(1, 1000, { default: 8, ...info }),
  special: whole(1, 10, { default: 8, special: { value: -1, meaning: 'any' }, ...info }),
  real: real(0.5, 100, { default: 1, ...info }),
  above: above(0, 10_000, { default: 1, ...info }),
  below: below(0, 1, { default: 0, ...info }),
  seed: whole(0, Number.MAX_SAFE_INTEGER, { default: 0, ...info }),
  choice: oneOf(['a', 'b'], { default: 'a', ...info }),
  several: someOf(['a', 'b'], { default: ['a'], ...info }),
  flag: flag({ default: false, ...info }),
};
type Name = keyof typeof FIELDS;

describe('a field', () => {
  it.each<[Name, string, unknown[], unknown[]]>([
    ['whole', 'a whole number from 1 to 1,000', [1, 1000], [0, 1001, 1.5, NaN, '1', null]],
    ['special', 'a whole number from 1 to 10, or -1 for any', [-1, 1, 10], [0, -2, 11, -1.5]],
    ['real', 'a number from 0.5 to 100', [0.5, 0.6, 100], [0.4, 100.1, Infinity, NaN]],
    ['above', 'a number above 0, at most 10,000', [1e-9, 10_000], [0, -1, 10_001]],
    ['below', 'a number from 0 to below 1', [0, 0.999], [1, -0.1]],
    ['choice', 'one of a, b', ['a', 'b'], ['c', '', 1, ['a']]],
    [
      'several',
      'a list of a, b, each at most once',
      [['a'], ['b', 'a']],
      [[], ['a', 'a'], ['c'], 'a', {}],
    ],
    ['flag', 'true or false', [true, false], [0, 'true', null]],
  ])('%s takes what is %s', (name, expected, good, bad) => {
    const { schema } = FIELDS[name];
    expect(FIELDS[name].expected).toBe(expected);
    for (const value of good) expect(v.is(schema, value), String(value)).toBe(true);
    for (const value of bad) {
      const outcome = v.safeParse(schema, value);
      expect(outcome.issues?.[0].message, String(value)).toBe(expected);
    }
  });

  it('is checked loosely by the kind of its value alone', () => {
    const loose = (name: Name, value: unknown) => v.is(FIELDS[name].looseSchema, value);
    expect(loose('whole', 0)).toBe(true);
    expect(loose('whole', 1e9)).toBe(true);
    expect(loose('whole', 1.5)).toBe(false);
    expect(loose('whole', -1)).toBe(false);
    expect(loose('special', -1)).toBe(true);
    expect(loose('special', -2)).toBe(false);
    expect(loose('real', -1e9)).toBe(true);
    expect(loose('real', 1e10)).toBe(false);
    expect(loose('seed', Number.MAX_SAFE_INTEGER)).toBe(true);
    expect(loose('several', [])).toBe(true);
    expect(loose('several', new Array<string>(101).fill('a'))).toBe(false);
    expect(loose('several', ['c'])).toBe(false);
    for (const bad of [NaN, Infinity, '1', null, undefined, []]) {
      expect(loose('real', bad), String(bad)).toBe(false);
    }
  });
});

describe('a group of fields', () => {
  const { rank, on } = { rank: FIELDS.whole, on: FIELDS.flag };
  const both = group({ rank, on });

  it('is an object of its fields', () => {
    expect(both.defaults).toEqual({ rank: 8, on: false });
    expect(v.is(both.schema, { rank: 3, on: true })).toBe(true);
    expect(v.is(both.schema, { rank: 3 })).toBe(false);
    expect(v.is(both.schema, { rank: 3, on: true, more: 1 })).toBe(false);
    expect(v.is(both.schema, { rank: 5000, on: true })).toBe(false);
    expect(v.is(both.looseSchema, { rank: 5000, on: true })).toBe(true);
    expect(v.is(both.looseSchema, { rank: 'many', on: true })).toBe(false);
  });

  it('may be empty', () => {
    const none = group({});
    expect(none.defaults).toEqual({});
    expect(v.is(none.schema, {})).toBe(true);
    expect(v.is(none.schema, { rank: 1 })).toBe(false);
  });
});
