import { measuredEpochs } from '../../host/services/measured-epochs.ts';
import { withStudio, type CommandContext } from '../context.ts';
import { describeCatalogue } from '../describe/sources.ts';

/**
 * `--json`: an array of the entries, each with `backbone`, the id of the one that came from there,
 * and `epoch`, what an epoch of the newest run on it took here; null where there is none.
 */
export async function run(context: CommandContext): Promise<void> {
  const items = await withStudio(context, async ({ backbones, runs, sources }) => {
    const epochs = measuredEpochs(runs.list(), backbones.list());
    return sources.catalogue().map(({ entry, backbone }) => ({
      ...entry,
      backbone: backbone?.id ?? null,
      epoch: epochs.find(({ backboneId }) => backboneId === backbone?.id) ?? null,
    }));
  });
  context.console.answer(items, () => describeCatalogue(items, context.console));
}
