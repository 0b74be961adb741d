import { familyOf, parameterCount } from '../../../shared/models/registry.ts';
import { withStudio, type CommandContext } from '../context.ts';
import { formatBytes, formatParameters } from '../output/format.ts';
import { table } from '../output/table.ts';

/** `--json`: an array of backbones. */
export async function run(context: CommandContext): Promise<void> {
  const backbones = await withStudio(context, async (studio) => studio.backbones.list());
  context.console.answer(backbones, () =>
    backbones.length === 0
      ? ['No backbones yet: `karst backbone add PATH` takes one in.']
      : table(
          [
            { title: 'name' },
            { title: 'id' },
            { title: 'input', align: 'right' },
            { title: 'patch', align: 'right' },
            { title: 'width', align: 'right' },
            { title: 'blocks', align: 'right' },
            { title: 'parameters', align: 'right' },
            { title: 'size', align: 'right' },
            { title: 'file' },
          ],
          backbones.map((backbone) => [
            backbone.name,
            backbone.id,
            `${backbone.preprocessing.imageSize}`,
            `${familyOf(backbone.architecture).patch(backbone.architecture)}`,
            `${familyOf(backbone.architecture).width(backbone.architecture)}`,
            `${familyOf(backbone.architecture).blocks(backbone.architecture)}`,
            formatParameters(parameterCount(backbone.architecture)),
            formatBytes(backbone.bytes),
            backbone.path,
          ]),
          context.console.dim,
        ),
  );
}
