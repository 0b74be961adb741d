import { counted } from '../../../shared/domain/counted.ts';
import type { MeasuredEpoch } from '../../../shared/contract/window/backbone-sources.ts';
import type { CatalogueEntry, Strength } from '../../../shared/domain/backbone-catalogue.ts';
import type { FoundBackbone, HubOffer } from '../../../shared/domain/backbone-sources.ts';
import { familyOf, parameterCount } from '../../../shared/models/registry.ts';
import type { Console } from '../output/console.ts';
import { formatBytes, formatDuration, formatParameters } from '../output/format.ts';
import { table } from '../output/table.ts';

const STRENGTH: Record<Strength, string> = {
  general: 'photographs of everyday things',
  small: 'everyday things, without a graphics card',
  detail: 'fine differences and textures',
  few: 'few images of each class',
  varied: 'drawings and products as well as photographs',
  species: 'plants and animals',
  tissue: 'tissue under the microscope',
};

/** What is asked for, before it is. */
export function describeOffer(offer: HubOffer): string[] {
  const { address, revision, files, bytes, missingBytes, freeBytes, folder, licence } = offer;
  const kept = bytes - missingBytes;
  return [
    `${address}, commit ${revision.slice(0, 8)}: ${files.map(({ path }) => path).join(', ')}`,
    `License: ${licence ?? 'see its page'}.${offer.gated ? ' Gated: its terms have to be accepted on its page first.' : ''}`,
    `${formatBytes(missingBytes)} from ${offer.host} into ${folder}` +
      (kept > 0 ? `, where ${formatBytes(kept)} of it are already` : '') +
      (freeBytes === null ? '' : `; the disk has ${formatBytes(freeBytes)} free`),
  ];
}

export function describeCatalogue(
  items: readonly (CatalogueEntry & {
    readonly backbone: string | null;
    readonly epoch: MeasuredEpoch | null;
  })[],
  console: Pick<Console, 'dim'>,
): string[] {
  return [
    ...table(
      [
        { title: 'name' },
        { title: 'trained on' },
        { title: 'good at' },
        { title: 'parameters', align: 'right' },
        { title: 'input', align: 'right' },
        { title: 'download', align: 'right' },
        { title: 'license' },
        { title: 'commercial use' },
        { title: 'an epoch here' },
        { title: 'on the hub (not tried)' },
      ],
      items.map((item) => [
        item.backbone === null ? item.name : `${item.name} (here)`,
        item.trainedOn,
        STRENGTH[item.strength],
        formatParameters(item.parameters),
        `${item.pixels}`,
        item.bytes === null ? '' : formatBytes(item.bytes),
        `${item.licence}${item.gated ? ', gated' : ''}`,
        item.commercial ? 'yes' : 'no',
        item.epoch === null ? '' : epochInWords(item.epoch),
        item.address,
      ]),
      console.dim,
    ),
    '',
    'The addresses have not been tried. `karst backbone get NAME` asks the hub and downloads.',
  ];
}

/** "12 s (lora, 600 images of 224 px)" */
function epochInWords({ seconds, method, images, imageSize }: MeasuredEpoch): string {
  return `${formatDuration(seconds)} (${method}, ${counted(images, 'image')} of ${imageSize} px)`;
}

export function describeFound(
  found: readonly FoundBackbone[],
  console: Pick<Console, 'dim'>,
): string[] {
  if (found.length === 0) return ['Nothing was found in the caches of Hugging Face and torch.'];
  const fitting = found.flatMap(({ architecture, ...one }) =>
    architecture === null ? [] : [{ ...one, architecture }],
  );
  const refused = found.flatMap(({ path, error }) => (error === null ? [] : [{ path, error }]));
  return [
    ...table(
      [
        { title: 'name' },
        { title: 'architecture' },
        { title: 'parameters', align: 'right' },
        { title: 'size', align: 'right' },
        { title: 'library' },
        { title: 'file' },
      ],
      fitting.map(({ name, architecture, bytes, backboneId, path }) => [
        name,
        familyOf(architecture).title,
        formatParameters(parameterCount(architecture)),
        formatBytes(bytes),
        backboneId === null ? '' : 'added',
        path,
      ]),
      console.dim,
    ),
    ...refused.flatMap(({ path, error }) => ['', console.dim(path), error.message]),
    ...(fitting.some(({ backboneId }) => backboneId === null)
      ? ['', '`karst backbone add FILE` takes one in where it lies.']
      : []),
  ];
}
