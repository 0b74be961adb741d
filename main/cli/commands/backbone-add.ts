import * as v from 'valibot';
import { KarstError } from '../../../shared/domain/errors.ts';
import { saidSchema, type Said } from '../../../shared/domain/said.ts';
import { SAID_LIMITS, SAID_OPTIONS } from '../../../shared/domain/said-words.ts';
import { withStudio, type CommandContext } from '../context.ts';
import { describeBackbone } from '../describe/backbone.ts';
import { progressView } from '../output/progress.ts';

/** `--json`: the backbone as stored in the library. */
export async function run(
  context: CommandContext,
  path: string,
  { name, ...options }: SaidOptions & { name?: string },
): Promise<void> {
  const said = saidOf(options);
  const view = progressView(context.console);
  const { backbone, moved } = await withStudio(context, async (studio, signal) => {
    try {
      const before = new Set(studio.backbones.list().map(({ id }) => id));
      const added = await studio.backbones.add(path, {
        ...(name === undefined ? {} : { name }),
        said,
        signal,
        onProgress: view.host,
      });
      return { backbone: added, moved: before.has(added.id) };
    } finally {
      view.stop();
    }
  });
  context.console.answer(backbone, () => [
    moved
      ? `Found the files of the backbone ${context.console.bold(backbone.name)} again, which were moved.`
      : `Added the backbone ${context.console.bold(backbone.name)}.`,
    ...describeBackbone(backbone, context.console),
  ]);
}

interface SaidOptions extends Omit<Said, 'layerNormEpsilon'> {
  readonly epsilon?: number;
}

function saidOf({ epsilon, ...options }: SaidOptions): Said {
  const said = { ...options, ...(epsilon === undefined ? {} : { layerNormEpsilon: epsilon }) };
  const checked = v.safeParse(saidSchema, said);
  if (checked.success) return checked.output;
  const [field] = checked.issues[0].path ?? [];
  const what = field?.key as keyof typeof SAID_LIMITS;
  const { min, max } = SAID_LIMITS[what];
  throw new KarstError(
    'usage',
    `${SAID_OPTIONS[what]} takes ${min} to ${max}, not ${String(field?.value)}.`,
    { hint: '`karst backbone add --help` lists the options.' },
  );
}
