import type { CommandContext } from '../context.ts';
import { verificationLines } from '../describe/evaluation.ts';
import { withWatchedStudio } from '../watched.ts';

/** `--json`: `{"out": …, "verification": {"images","maxAbsDiff","tolerance","top1Agreement"}}`. */
export async function run(
  context: CommandContext,
  name: string,
  options: { out?: string; names: 'timm' | 'hf'; dataset?: string },
): Promise<void> {
  const { console } = context;
  const { out, verification } = await withWatchedStudio(context, (studio, watching) =>
    studio.merging.merge(name, { ...options, ...watching }),
  );
  console.answer({ out, verification }, () => [
    `Merged ${console.bold(name)} into ${out}`,
    ...verificationLines(verification),
  ]);
}
