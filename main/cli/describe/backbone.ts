import {
  DTYPE_WORDS,
  type ContainerFormat,
  type Provenance,
  type SourceKind,
} from '../../../shared/domain/backbone.ts';
import type { Backbone } from '../../../shared/domain/library.ts';
import type { PositionRule } from '../../../shared/domain/position-rule.ts';
import { factInWords, factLabel } from '../../../shared/models/family.ts';
import { familyOf, parameterCount } from '../../../shared/models/registry.ts';
import type { Console } from '../output/console.ts';
import { formatBytes, formatMoment, formatParameters } from '../output/format.ts';
import { facts } from '../output/table.ts';

const FROM: Record<Provenance, string> = {
  'config.json': 'from its config.json',
  'preprocessor_config.json': 'from its preprocessor_config.json',
  'open_clip_config.json': 'from its open_clip_config.json',
  metadata: "from the file's metadata",
  option: 'as given',
  default: 'assumed',
};

const CONTAINERS: Record<ContainerFormat, string> = {
  safetensors: 'safetensors',
  npz: "NumPy's .npz",
  torch: 'a PyTorch checkpoint',
};
const SOURCES: Record<SourceKind, string> = {
  timm: "timm's names",
  'timm-eva': "the names of timm's Eva",
  huggingface: "Hugging Face's names",
  open_clip: "open_clip's names",
  original: "its authors' names",
  npz: "JAX's names",
};
const RULES: Record<PositionRule, string> = {
  timm: 'positions resampled as timm does (bicubic, antialias)',
  'torch-bicubic': 'positions resampled as transformers does (bicubic)',
  dinov2: "positions resampled as DINOv2's own code does (bicubic, offset)",
  bilinear: 'positions resampled as for the original files (bilinear)',
};
/** Names of classes that are listed. */
const SHOWN = 4;

function classesOf({ architecture: { classes }, labels }: Backbone): string {
  if (classes === 0) return 'no head';
  if (labels === null) return `${classes}, without names`;
  return `${classes}: ${labels.slice(0, SHOWN).join(', ')}${classes > SHOWN ? ' …' : ''}`;
}

export function describeBackbone(backbone: Backbone, console: Pick<Console, 'dim'>): string[] {
  const { architecture: a, preprocessing: p } = backbone;
  const family = familyOf(a);
  const shown = new Set<string>(family.facts(a).map(({ name }) => name));
  const triple = (values: readonly number[]) => values.join(' ');
  return facts(
    [
      ['id', backbone.id],
      ['file', backbone.path],
      ...(backbone.files.length === 1
        ? []
        : [['files', `${backbone.files.length}: the index and its parts`] as const]),
      ['format', `${CONTAINERS[backbone.container]}, ${SOURCES[backbone.source]}`],
      ['size', `${formatBytes(backbone.bytes)}, ${DTYPE_WORDS[backbone.dtype]}`],
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
      ['input', `${p.imageSize} × ${p.imageSize} pixels in patches of ${family.patch(a)}`],
      ...family.facts(a).map(({ name, value }) => {
        const said = backbone.assumed.find(({ what }) => what === name);
        const from = said === undefined ? '' : ` (${FROM[said.from]})`;
        return [factLabel(name), `${factInWords(value)}${from}`] as const;
      }),
      ['parameters', formatParameters(parameterCount(a))],
      ...backbone.assumed
        .filter(({ what }) => !shown.has(what))
        .map(
          ({ what, value, from }) =>
            [factLabel(what), `${factInWords(value)} (${FROM[from]})`] as const,
        ),
      ['classes', classesOf(backbone)],
      [
        'preprocessing',
        `${p.interpolation}${p.rescale === undefined ? '' : ' on floats'}, ${p.cropMode} at ${p.cropFraction}, mean ${triple(p.mean)}, std ${triple(p.std)} (${FROM[backbone.preprocessingFrom]})`,
      ],
      ['other sizes', RULES[backbone.positionRule]],
      ...(backbone.licence === null ? [] : [['license', backbone.licence] as const]),
      ...(backbone.revision === null ? [] : [['revision', backbone.revision] as const]),
      ['added', formatMoment(backbone.createdAt)],
    ],
    console.dim,
  );
}
