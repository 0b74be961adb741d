import { withStudio, type CommandContext } from '../context.ts';
import { verificationLine } from '../describe/evaluation.ts';
import { progressView } from '../output/progress.ts';

/** `--json`: `{"out": …, "verification": {"images","maxAbsDiff","tolerance","top1Agreement"}}`. */
export async function run(
  context: CommandContext,
  name: string,
  options: { out?: string; dataset?: string },
): Promise<void> {
  const { console } = context;
  const view = progressView(console);
  const { out, verification } = await withStudio(context, async (studio, signal) => {
    try {
      return await studio.adapters.merge(name, {
        ...options,
        signal,
        onProgress: view.host,
        onEvent: view.engine,
      });
    } finally {
      view.stop();
    }
  });
  console.answer({ out, verification }, () => [
    `Merged ${console.bold(name)} into ${out}`,
    verificationLine(verification),
  ]);
}
