import type { FactValue } from '../../../shared/models/family.ts';
import { familyOf, type Architecture } from '../../../shared/models/registry.ts';
import { formatCount } from '../../domain/format.ts';
import { t } from '../../i18n.ts';

function inWord(value: FactValue): string {
  if (typeof value === 'object') return value.map((one) => formatCount(one)).join(', ');
  if (typeof value === 'string') return t(`backbones.choice.${value}`);
  if (typeof value === 'number') return formatCount(value);
  return t(value ? 'backbones.detail.has' : 'backbones.detail.hasNot');
}

/** A backbone's architecture in one line. */
export function inWords(architecture: Architecture): string {
  const family = familyOf(architecture);
  const facts = family.facts(architecture).map(({ name, value }) => [name, inWord(value)]);
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
