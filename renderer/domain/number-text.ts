import { isWithin, type NumberLimits } from '../../shared/fields/field.ts';
import { t } from '../i18n.ts';
import { formatCount, formatSignificant } from './format.ts';

/** Why a text is not accepted as a number. */
export type NumberFault =
  | { readonly kind: 'empty' | 'unfinished' | 'letters' | 'marks' | 'whole' | 'limits' }
  /** One separator before three digits in an integer: the two possible meanings. */
  | { readonly kind: 'thousand'; readonly whole: string; readonly parts: string };

export type NumberReading = { readonly value: number } | { readonly fault: NumberFault };

const NUMBER = /^([+-]?)(\d*)(?:[.,](\d*))?(?:e([+-]?\d+))?$/i;
/** Text that may become a number when more is typed. */
const UNFINISHED = /^[+-]?(?:\d*[.,]?\d*|(?:\d+[.,]?\d*|[.,]\d+)e[+-]?)$/i;
const GROUPED = /^([+-]?[1-9]\d{0,2})((?: \d{3})+)(?![\d ])/;

/**
 * Parses a number: optional exponent, decimal point or comma, full-width digits of Chinese
 * keyboards, spaces around it or between thousands. Other thousands separators are rejected, since
 * half of the world uses them as decimal separators.
 */
export function readNumber(text: string, limits: NumberLimits): NumberReading {
  const plain = text
    .normalize('NFKC')
    .replace(/[−–]/g, '-')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^([+-]) /, '$1')
    .replace(GROUPED, (_, first: string, rest: string) => first + rest.replace(/ /g, ''));
  if (plain === '') return { fault: { kind: 'empty' } };
  if (/^[+-]?[\d.,]+(?:e[+-]?\d*)?$/i.test(plain) && plain.replace(/[^.,]/g, '').length > 1) {
    return { fault: { kind: 'marks' } };
  }
  const match = NUMBER.exec(plain);
  const [, sign = '', whole = '', parts = '', exponent] = match ?? [];
  if (match === null || (whole === '' && parts === '')) {
    return { fault: { kind: UNFINISHED.test(plain) ? 'unfinished' : 'letters' } };
  }
  if (
    limits.whole &&
    exponent === undefined &&
    parts.length === 3 &&
    /^[1-9]\d{0,2}$/.test(whole)
  ) {
    const decimals = parts.replace(/0+$/, '') || '0';
    const meant = { whole: `${sign}${whole}${parts}`, parts: `${sign}${whole}.${decimals}` };
    return { fault: { kind: 'thousand', ...meant } };
  }
  const value = Number(`${sign}${whole || '0'}.${parts || '0'}e${exponent ?? '0'}`);
  // Underflow.
  const lost = value === 0 && /[1-9]/.test(whole + parts);
  if (limits.whole && (lost || (Number.isFinite(value) && !Number.isInteger(value)))) {
    return { fault: { kind: 'whole' } };
  }
  // No negative zero.
  return lost || !isWithin(limits, value) ? { fault: { kind: 'limits' } } : { value: value + 0 };
}

/** Whether more typing cannot make it valid, so that it is reported immediately. */
export function isPlainlyWrong({ kind }: NumberFault): boolean {
  return kind === 'letters' || kind === 'marks' || kind === 'thousand';
}

/** What is wrong, and what to enter. */
export function faultText(fault: NumberFault, text: string, limits: NumberLimits): string {
  switch (fault.kind) {
    case 'empty':
      return t('common.number.empty');
    case 'unfinished':
    case 'letters':
      return t('common.number.letters', { text: text.trim() });
    case 'marks':
      return t('common.number.marks');
    case 'whole':
      return t('common.number.whole');
    case 'thousand':
      return fault.parts.endsWith('.0')
        ? t('common.number.thousand', { whole: fault.whole, parts: fault.parts })
        : t('common.number.noMark', { whole: fault.whole });
    case 'limits':
      return limitsText(limits);
  }
}

/** The allowed range as text. */
export function limitsText(limits: NumberLimits): string {
  const { min, max, minExcluded, maxExcluded, special } = limits;
  const values = { min: numberWord(min), max: numberWord(max) };
  if (special !== undefined) {
    return t('common.number.orSpecial', { ...values, special: special.value });
  }
  if (minExcluded === true) return t('common.number.above', values);
  if (maxExcluded === true) return t('common.number.below', values);
  return t('common.number.between', values);
}

/** The usual range, for a value outside it; empty otherwise. */
export function unusualText(
  value: number,
  limits: NumberLimits,
  usual: readonly [number, number] | undefined,
): string {
  if (usual === undefined || value === limits.special?.value) return '';
  const [low, high] = usual;
  if (value >= low && value <= high) return '';
  return t('common.number.unusual', { low: numberWord(low), high: numberWord(high) });
}

/** A number as shown in a field; parsing it gives the same number. */
export function fieldText(value: number): string {
  return String(value);
}

/** The number without an exponent, as ARIA requires. */
export function plainText(value: number): string {
  const text = String(value);
  return text.includes('e-') ? value.toFixed(20).replace(/0+$/, '') : text;
}

/**
 * The next number in a direction, up to the limit; skips the gap to the special value beyond it;
 * unchanged at the end.
 *
 * @param by step; `tenth`: a tenth of the number's magnitude, for quantities that span orders of
 * magnitude
 */
export function steppedNumber(
  value: number,
  steps: number,
  by: number | 'tenth',
  limits: NumberLimits,
): number {
  const { min, max, special } = limits;
  const size = by === 'tenth' ? tenthOf(value) : by;
  // Rounds off binary fractions' errors, as in 0.1 + 0.2.
  const next = Number((value + steps * size).toPrecision(12));
  if (isWithin(limits, next)) return next;
  if (steps > 0) {
    const least = next < min && value < min ? min : max;
    return isWithin(limits, least) && least > value ? least : value;
  }
  if (value > min && isWithin(limits, min)) return min;
  return special !== undefined && special.value < value ? special.value : value;
}

function tenthOf(value: number): number {
  return value > 0 ? 10 ** (Math.floor(Math.log10(value) + 1e-9) - 1) : 1e-5;
}

function numberWord(value: number): string {
  return Number.isInteger(value) ? formatCount(value) : formatSignificant(value, 6);
}
