import type { ExportFormat } from '../../../shared/domain/library.ts';
import { withStudio, type CommandContext } from '../context.ts';
import { verificationLine } from '../describe/evaluation.ts';
import { progressView } from '../output/progress.ts';

/**
 * `--json`: `{"out": …, "verification": {"images","maxAbsDiff","tolerance","top1Agreement"}}`; the
 * verification is null for the adapter's own folder, which is copied as it is.
 */
export async function run(
  context: CommandContext,
  name: string,
  options: { format: ExportFormat; out: string; dataset?: string },
): Promise<void> {
  const { console } = context;
  const view = progressView(console);
  const { out, verification } = await withStudio(context, async (studio, signal) => {
    try {
      return await studio.adapters.export(name, {
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
    `Exported ${console.bold(name)} as ${options.format} to ${out}`,
    ...(verification === null ? [] : [verificationLine(verification)]),
  ]);
}
