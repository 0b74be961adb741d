import { isWithin, type NumberLimits } from '../../shared/fields/field.ts';
import { t } from '../i18n.ts';
import { formatCount, formatSignificant } from './format.ts';

/** Why a text is not taken as a number. */
export type NumberFault =
  | { readonly kind: 'empty' | 'unfinished' | 'letters' | 'marks' | 'whole' | 'limits' }
  /** One mark before three digits where whole numbers belong: these two are what may be meant. */
  | { readonly kind: 'thousand'; readonly whole: string; readonly parts: string };

export type NumberReading = { readonly value: number } | { readonly fault: NumberFault };

const NUMBER = /^([+-]?)(\d*)(?:[.,](\d*))?(?:e([+-]?\d+))?$/i;
/** What becomes a number when more is typed. */
const UNFINISHED = /^[+-]?(?:\d*[.,]?\d*|(?:\d+[.,]?\d*|[.,]\d+)e[+-]?)$/i;
const GROUPED = /^([+-]?[1-9]\d{0,2})((?: \d{3})+)(?![\d ])/;

/**
 * The number that a text stands for, exactly as typed or not at all: with an exponent or without, with a point or a comma
 * before the decimals, full-width digits as Chinese keyboards give them, spaces around it or between its thousands. Marks
 * between thousands are not taken, since in half of the world they stand before decimals.
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
  // So small that nothing is left of it.
  const lost = value === 0 && /[1-9]/.test(whole + parts);
  if (limits.whole && (lost || (Number.isFinite(value) && !Number.isInteger(value)))) {
    return { fault: { kind: 'whole' } };
  }
  // Zero has no sign.
  return lost || !isWithin(limits, value) ? { fault: { kind: 'limits' } } : { value: value + 0 };
}

/** Whether more typing does not mend it, so that it is told at once. */
export function isPlainlyWrong({ kind }: NumberFault): boolean {
  return kind === 'letters' || kind === 'marks' || kind === 'thousand';
}

/** What is wrong, and what to write. */
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

/** What is allowed. */
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

/** What is usual, for a value that is not; nothing for one that is. */
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

/** A number as it stands in a field: what is read back gives the same number. */
export function fieldText(value: number): string {
  return String(value);
}

/** The number without an exponent, which ARIA has no words for. */
export function plainText(value: number): string {
  const text = String(value);
  return text.includes('e-') ? value.toFixed(20).replace(/0+$/, '') : text;
}

/**
 * The next number in a direction: at most the limit, over a gap to the special value beyond it, and the same where there is
 * none.
 *
 * @param by how far; `tenth`: a tenth of the number's magnitude, for numbers that are told by their zeros
 */
export function steppedNumber(
  value: number,
  steps: number,
  by: number | 'tenth',
  limits: NumberLimits,
): number {
  const { min, max, special } = limits;
  const size = by === 'tenth' ? tenthOf(value) : by;
  // Without what binary fractions leave behind: 0.1 + 0.2.
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
