import { withStudio, type CommandContext } from '../context.ts';

/**
 * `--json`: `{"id","kind","name","formerName"}`; the names differ if the former one is in use
 * again.
 */
export async function run(context: CommandContext, wanted: string): Promise<void> {
  const restored = await withStudio(context, (studio) => studio.bin.restore(wanted));
  const { kind, name, formerName } = restored;
  context.console.answer(restored, () => [
    name === formerName
      ? `Restored the ${kind} ${name}.`
      : `Restored the ${kind} ${formerName} as ${name}: its name has been taken since.`,
  ]);
}
