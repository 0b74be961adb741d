import type { ExportFormat } from '../../../shared/domain/export-formats.ts';
import type { CommandContext } from '../context.ts';
import { verificationLine } from '../describe/evaluation.ts';
import { withWatchedStudio } from '../watched.ts';

const WRITTEN: Record<ExportFormat, string> = {
  safetensors: 'a folder with the merged model',
  karst: 'an adapter in one file',
  adapter: 'an adapter folder',
};

/**
 * `--json`: `{"out": …, "verification": {"images","maxAbsDiff","tolerance","top1Agreement"}}`; the
 * verification is null for the formats `adapter` and `karst`, which contain the adapter unchanged.
 */
export async function run(
  context: CommandContext,
  name: string,
  options: { format: ExportFormat; out: string; dataset?: string },
): Promise<void> {
  const { console } = context;
  const { out, verification } = await withWatchedStudio(context, (studio, watching) =>
    studio.merging.export(name, { ...options, ...watching }),
  );
  console.answer({ out, verification }, () => [
    `Exported ${console.bold(name)} to ${out}, ${WRITTEN[options.format]}`,
    ...(verification === null ? [] : [verificationLine(verification)]),
  ]);
}
