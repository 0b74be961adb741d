import * as v from 'valibot';
import { KarstError } from '../../../shared/domain/errors.ts';
import { saidSchema, type Said } from '../../../shared/domain/said.ts';
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
  const backbone = await withStudio(context, async (studio, signal) => {
    try {
      return await studio.backbones.add(path, {
        ...(name === undefined ? {} : { name }),
        said,
        signal,
        onProgress: view.host,
      });
    } finally {
      view.stop();
    }
  });
  context.console.answer(backbone, () => [
    `Added the backbone ${context.console.bold(backbone.name)}.`,
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
  const [issue] = checked.issues;
  throw new KarstError(
    'usage',
    `What is said of the backbone is out of its limits: ${issue.message}.`,
    {
      hint: '`karst backbone add --help` lists the options.',
    },
  );
}
