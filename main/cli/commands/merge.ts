import { EXPORT_NOTES } from '../../../shared/domain/export-words.ts';
import type { CommandContext } from '../context.ts';
import { verificationLines } from '../describe/evaluation.ts';
import { withWatchedStudio } from '../watched.ts';

/**
 * `--json`: `{"out": …, "verification": {"images","maxAbsDiff","tolerance","top1Agreement"},
 * "notes": […]}`.
 */
export async function run(
  context: CommandContext,
  name: string,
  options: { out?: string; names: 'timm' | 'hf'; dataset?: string },
): Promise<void> {
  const { console } = context;
  const { out, verification, notes } = await withWatchedStudio(context, (studio, watching) =>
    studio.merging.merge(name, { ...options, ...watching }),
  );
  const sentences = notes.map((note) => EXPORT_NOTES[note]);
  console.answer({ out, verification, notes: sentences }, () => [
    `Merged ${console.bold(name)} into ${out}`,
    ...verificationLines(verification),
    ...sentences,
  ]);
}
