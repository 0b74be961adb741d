import { parameterCount } from '../../../shared/domain/architecture.ts';
import type { Backbone, Provenance } from '../../../shared/domain/library.ts';
import type { Console } from '../output/console.ts';
import { formatBytes, formatMoment, formatParameters } from '../output/format.ts';
import { facts } from '../output/table.ts';

const FROM: Record<Provenance, string> = {
  'config.json': 'from its config.json',
  metadata: "from the file's metadata",
  option: 'as given',
  default: 'assumed',
};

export function describeBackbone(backbone: Backbone, console: Pick<Console, 'dim'>): string[] {
  const { architecture: a, preprocessing: p } = backbone;
  const triple = (values: readonly number[]) => values.join(' ');
  return facts(
    [
      ['id', backbone.id],
      ['file', backbone.path],
      ['size', `${formatBytes(backbone.bytes)}, ${backbone.dtype}`],
      ['sha256', backbone.sha256],
      ...(backbone.tensorPrefix === ''
        ? []
        : [
            [
              'tensor names',
              `without "${backbone.tensorPrefix}", which stands before each in the file`,
            ] as const,
          ]),
      ['architecture', backbone.timmName ?? 'vision transformer'],
      ['input', `${a.imageSize} × ${a.imageSize} pixels in patches of ${a.patchSize}`],
      [
        'blocks',
        `${a.depth} of width ${a.width}, ${a.heads} heads (${FROM[backbone.headsFrom]}), MLP ${a.hidden}`,
      ],
      ['parameters', formatParameters(parameterCount(a))],
      ['classes', a.classes > 0 ? `${a.classes}` : 'no head'],
      [
        'preprocessing',
        `${p.interpolation}, ${p.cropMode} at ${p.cropFraction}, mean ${triple(p.mean)}, std ${triple(p.std)} (${FROM[backbone.preprocessingFrom]})`,
      ],
      ['added', formatMoment(backbone.createdAt)],
    ],
    console.dim,
  );
}
