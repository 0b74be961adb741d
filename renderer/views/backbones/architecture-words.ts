import type { Assumed } from '../../../shared/domain/backbone.ts';
import { isFactChoice } from '../../../shared/models/family.ts';
import { familyOf, type Architecture } from '../../../shared/models/registry.ts';
import { formatCount, formatSignificant } from '../../domain/format.ts';
import { t } from '../../i18n.ts';

/** Digits of a number that is not whole: a ratio, an epsilon. */
const DIGITS = 4;

/** What a field of an architecture holds; a word that is no choice stays as it is. */
export function inWord(value: Assumed['value']): string {
  if (typeof value === 'object') return value.map((one) => formatCount(one)).join(', ');
  if (typeof value === 'string')
    return isFactChoice(value) ? t(`backbones.choice.${value}`) : value;
  if (typeof value === 'number')
    return Number.isInteger(value) ? formatCount(value) : formatSignificant(value, DIGITS);
  return t(value ? 'backbones.detail.has' : 'backbones.detail.hasNot');
}

/** A backbone's architecture in one line; what each stage has is joined as in its name: 2-2-6-2. */
export function inWords(architecture: Architecture): string {
  const family = familyOf(architecture);
  const facts = family
    .facts(architecture)
    .map(({ name, value }) => [name, typeof value === 'object' ? value.join('-') : inWord(value)]);
  return t(`backbones.words.${architecture.family}`, {
    ...(Object.fromEntries(facts) as Record<string, string>),
    patch: formatCount(family.patch(architecture)),
  });
}

/** Further facts. */
export function facts(
  architecture: Architecture,
): { name: string; label: string; value: string }[] {
  return familyOf(architecture)
    .facts(architecture)
    .map(({ name, value }) => ({
      name,
      label: t(`backbones.fact.${name}`),
      value: inWord(value),
    }));
}
