import type { BinKind } from '../../host/store/bin.ts';
import { confirmRemoval } from '../confirm.ts';
import { withStudio, type CommandContext } from '../context.ts';

const LOST: Record<BinKind, string> = {
  run: ', with its checkpoints and history',
  adapter: ', with its evaluations',
  dataset: ': its labels, splits and exclusions, and the evaluations on it; its images stay',
};

/** `--json`: `{"deleted": {"id","kind","name","bytes","removedAt"}}`. */
export async function run(
  context: CommandContext,
  wanted: string,
  options: { yes?: boolean },
): Promise<void> {
  const { id, kind, name, bytes, removedAt } = await withStudio(context, async (studio, signal) => {
    const found = studio.bin.find(wanted);
    const question = `The ${found.kind} ${found.name} will be deleted permanently${LOST[found.kind]}.`;
    await confirmRemoval(context, question, options.yes === true, signal);
    return studio.bin.delete(found.id);
  });
  context.console.answer({ deleted: { id, kind, name, bytes, removedAt } }, () => [
    `Deleted the ${kind} ${name} permanently.`,
  ]);
}
