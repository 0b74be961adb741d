import { KarstError } from '../../../shared/domain/errors.ts';
import { FORMER_FORMATS, type ExportFormat } from '../../../shared/domain/export-formats.ts';
import { type Precision } from '../../../shared/domain/export-target.ts';
import type { ExportOutcome } from '../../host/contract/adapters.ts';
import type { Studio } from '../../host/contract/studio.ts';
import type { JobWatching } from '../../host/contract/watching.ts';
import { agreed, canAsk } from '../confirm.ts';
import type { CommandContext } from '../context.ts';
import { verificationLines } from '../describe/evaluation.ts';
import { EXPORT_NOTES } from '../../../shared/domain/export-words.ts';
import { withWatchedStudio } from '../watched.ts';

const WRITTEN: Record<ExportFormat, string> = {
  timm: 'a folder with the whole model for timm, read back by the studio itself',
  hf: 'a folder with the whole model for transformers, read back by the studio itself',
  onnx: 'a folder with the whole model for ONNX, opened by ONNX Runtime',
  savedmodel: 'a folder with the whole model for TensorFlow, opened by its own loader',
  karst: 'an adapter in one file',
  adapter: 'an adapter folder',
};

interface Options {
  /** A format, or a former name of one. */
  readonly format: string;
  readonly float16?: boolean;
  readonly int8?: boolean;
  readonly yes?: boolean;
  readonly out: string;
  readonly dataset?: string;
}

/**
 * `--json`: `{"out": …, "verification": {"images","maxAbsDiff","tolerance","top1Agreement"},
 * "notes": […]}`; the verification is null for the formats `adapter` and `karst`, which contain the
 * adapter unchanged.
 */
export async function run(
  context: CommandContext,
  name: string,
  { format: given, float16, int8, yes, ...options }: Options,
): Promise<void> {
  const { console } = context;
  const format = FORMER_FORMATS[given] ?? (given as ExportFormat);
  const precision = precisionOf(format, { float16, int8 });
  const wish = { ...options, ...(precision === null ? {} : { precision }), format };
  const { out, verification, notes } = await withWatchedStudio(context, (studio, watching) =>
    exported(context, studio, name, { ...wish, ...watching, acceptLoss: yes === true }),
  );
  const sentences = notes.map((note) => EXPORT_NOTES[note]);
  console.answer({ out, verification, notes: sentences }, () => [
    `Exported ${console.bold(name)} to ${out}, ${WRITTEN[format]}`,
    ...(verification === null ? [] : verificationLines(verification)),
    ...sentences,
  ]);
}

type Wish = Parameters<Studio['merging']['export']>[1] & Required<JobWatching>;

/** Asks on the terminal about a loss of accuracy, and exports again when it is accepted. */
async function exported(
  context: CommandContext,
  { merging }: Studio,
  name: string,
  wish: Wish,
): Promise<ExportOutcome> {
  try {
    return await merging.export(name, wish);
  } catch (error) {
    const asked = error instanceof KarstError && error.code === 'accuracy-loss';
    if (!asked || !canAsk(context)) throw error;
    if (!(await agreed(`${error.message} Write it?`, wish.signal)))
      throw new KarstError('cancelled', 'Nothing was written.');
    return merging.export(name, { ...wish, acceptLoss: true });
  }
}

/** null: not given. @throws usage for a format that has no choice */
function precisionOf(
  format: ExportFormat,
  { float16, int8 }: { readonly float16: boolean | undefined; readonly int8: boolean | undefined },
): Precision | null {
  const precision = float16 === true ? 'float16' : int8 === true ? 'int8' : null;
  if (precision !== null && format !== 'onnx')
    throw new KarstError('usage', `--${precision} is for ONNX, not for ${format}.`, {
      hint: 'Add --format onnx, or leave it out.',
      option: `--${precision}`,
    });
  return precision;
}
