import type { BackboneReference } from '../../../shared/contract/engine/jobs.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { familyOf, modelSpec, type Architecture } from '../../../shared/models/registry.ts';
import { Checkpoint, notFinite } from '../../formats/checkpoints/checkpoint.ts';
import { indexNotFinite } from '../../formats/containers/elements.ts';
import { checkBackbone } from '../../formats/checkpoints/registry.ts';
import { initialTensor } from '../initialisers.ts';
import { resamplePositionEmbedding } from './position-embedding.ts';

/**
 * The backbone's tensors in float32 by timm name, without its head unless it is wanted; position
 * embeddings resampled to the working size. The host has verified the file's sha256; shapes are
 * checked again here because they size the graph.
 */
export async function loadBackbone(
  backbone: BackboneReference,
  working: Architecture,
  { head = false } = {},
): Promise<Map<string, Float32Array>> {
  if (backbone.path === null) {
    throw new KarstError(
      'config-invalid',
      `The backbone "${backbone.name}" is an architecture without weights.`,
      {
        hint: 'Train it from scratch: method full, initialize random.',
      },
    );
  }
  const { architecture, positionRule: rule = 'timm' } = backbone;
  const file = await Checkpoint.open(backbone.path);
  try {
    checkBackbone(backbone.path, file.translation, architecture);
    const grids = new Map(modelSpec(working).tensors.map(({ name, grid }) => [name, grid]));
    const tensors = new Map<string, Float32Array>();
    const classes = head ? architecture.classes : 0;
    for (const { name, shape, grid } of familyOf(architecture).tensors(architecture, classes)) {
      const values = await file.readFloat32(name);
      // Backbones that an earlier version added were not checked then.
      const bad = indexNotFinite(values);
      if (bad >= 0) throw notFinite(backbone.path, name, values[bad] ?? Number.NaN, bad);
      const wanted = grids.get(name);
      tensors.set(
        name,
        grid === undefined || wanted === undefined
          ? values
          : resamplePositionEmbedding(values, shape.at(-1) ?? 0, grid, wanted.side, rule),
      );
    }
    return tensors;
  } finally {
    await file.close();
  }
}

/**
 * Random weights of everything except the head, initialised as the family does; a function of the
 * seed only.
 */
export function randomBackbone(
  architecture: Architecture,
  seed: number,
): Map<string, Float32Array> {
  return new Map(
    modelSpec(architecture).tensors.map((tensor) => [tensor.name, initialTensor(tensor, seed)]),
  );
}
