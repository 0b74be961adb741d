import { KarstError } from '../../shared/domain/errors.ts';

/**
 * The id of the only item of a kind, for an omitted option.
 * @param kind as in `--kind`
 * @throws usage when there is none, or more than one
 */
export function onlyOne(
  kind: 'backbone' | 'dataset',
  all: readonly { readonly id: string; readonly name: string }[],
): string {
  const [first, second] = all;
  if (first === undefined)
    throw new KarstError('usage', `The library has no ${kind} yet.`, {
      hint: `\`karst ${kind} add\` adds one.`,
    });
  if (second === undefined) return first.id;
  const names = all.slice(0, 5).map(({ name }) => name);
  throw new KarstError('usage', `The library has ${all.length} ${kind}s.`, {
    hint: `Say which with --${kind}: ${names.join(', ')}${all.length > names.length ? ', …' : ''}.`,
  });
}
