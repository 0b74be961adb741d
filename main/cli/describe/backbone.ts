import type { Backbone, Provenance } from '../../../shared/domain/library.ts';
import { familyOf, parameterCount } from '../../../shared/models/registry.ts';
import type { Console } from '../output/console.ts';
import { formatBytes, formatMoment, formatParameters } from '../output/format.ts';
import { facts } from '../output/table.ts';

const FROM: Record<Provenance, string> = {
  'config.json': 'from its config.json',
  'preprocessor_config.json': 'from its preprocessor_config.json',
  metadata: "from the file's metadata",
  option: 'as given',
  default: 'assumed',
};

export function describeBackbone(backbone: Backbone, console: Pick<Console, 'dim'>): string[] {
  const { architecture: a, preprocessing: p } = backbone;
  const family = familyOf(a);
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
      ['architecture', backbone.timmName ?? family.title],
      ['input', `${a.imageSize} × ${a.imageSize} pixels in patches of ${family.sizeStep(a)}`],
      ...family.facts(a).map(({ name, label, value }) => {
        const from = name === 'heads' ? ` (${FROM[backbone.headsFrom]})` : '';
        return [
          label,
          `${typeof value === 'number' ? value : value ? 'yes' : 'no'}${from}`,
        ] as const;
      }),
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
