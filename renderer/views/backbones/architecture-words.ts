import { familyOf, type Architecture } from '../../../shared/models/registry.ts';
import { formatCount } from '../../domain/format.ts';
import { t } from '../../i18n.ts';

const inWord = (value: number | boolean): string =>
  typeof value === 'number'
    ? formatCount(value)
    : t(value ? 'backbones.detail.has' : 'backbones.detail.hasNot');

/** A backbone's architecture in one line. */
export function inWords(architecture: Architecture): string {
  const family = familyOf(architecture);
  const facts = family.facts(architecture).map(({ name, value }) => [name, inWord(value)]);
  return t(`backbones.words.${architecture.family}`, {
    ...(Object.fromEntries(facts) as Record<string, string>),
    patch: formatCount(family.sizeStep(architecture)),
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
