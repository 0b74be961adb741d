import { KarstError } from '../../../shared/domain/errors.ts';
import type { Adapter } from '../../../shared/domain/library.ts';
import { withStudio, type CommandContext } from '../context.ts';

/** `--json`: the adapter as stored in the library. */
export async function run(
  context: CommandContext,
  name: string,
  changes: readonly string[],
): Promise<void> {
  const { adapter, names } = await withStudio(context, async ({ adapters }) => {
    const before = adapters.get(name);
    const names = new Map(changes.map((change) => namesIn(change, before)));
    return { names, adapter: await adapters.renameClasses(before.id, names) };
  });
  context.console.answer(adapter, () =>
    [...names].map(([from, to]) => `"${from}" is now "${to}" in ${adapter.name}.`),
  );
}

/** Splits `old=new` behind the name of a class, which may itself have an equals sign. */
function namesIn(change: string, { name, classes }: Adapter): [from: string, to: string] {
  const text = change.normalize('NFC');
  const from = classes
    .filter((one) => text.startsWith(`${one}=`))
    .reduce<string | null>((a, b) => (a === null || b.length > a.length ? b : a), null);
  if (from !== null) return [from, text.slice(from.length + 1)];
  throw new KarstError('usage', `"${change}" names no class of the adapter "${name}".`, {
    hint: `Write OLD=NEW; its classes are ${classes
      .slice(0, 10)
      .map((one) => `"${one}"`)
      .join(', ')}${classes.length > 10 ? ', …' : ''}.`,
  });
}
