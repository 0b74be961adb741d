import type { VitArchitecture } from '../../../shared/domain/architecture.ts';
import type { BackboneReference } from '../../../shared/contract/engine.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { vitTensorShapes } from '../../../shared/domain/karst-shapes.ts';
import { modelSpec } from '../../../shared/models/registry.ts';
import { BackboneFile, notFinite } from '../../formats/checkpoints/backbone-file.ts';
import { indexNotFinite } from '../../formats/safetensors.ts';
import { checkBackbone } from '../../formats/checkpoints/registry.ts';
import { initialTensor } from '../initialisers.ts';
import { resamplePositionEmbedding } from './position-embedding.ts';

/** The architecture at which a job works: the backbone's, at the side of the job's images. */
export function workingArchitecture(
  backbone: BackboneReference,
  imageSize: number,
): VitArchitecture {
  const { architecture } = backbone;
  const side = imageSize === 0 ? architecture.imageSize : imageSize;
  if (side % architecture.patchSize !== 0) {
    throw new KarstError(
      'config-invalid',
      `Images of ${String(side)} pixels cannot be cut into patches of ${String(architecture.patchSize)}.`,
      { hint: `Choose an image size that is a multiple of ${String(architecture.patchSize)}.` },
    );
  }
  return { ...architecture, imageSize: side };
}

/**
 * The backbone's tensors in float32 by timm name, without its head; position embeddings resampled to the working
 * size. The host has checked the file's sha256; shapes are checked here again, because they size the graph.
 */
export async function loadBackbone(
  backbone: BackboneReference,
  working: VitArchitecture,
): Promise<Map<string, Float32Array>> {
  if (backbone.path === null) {
    throw new KarstError(
      'config-invalid',
      `The backbone "${backbone.name}" is a shape without weights.`,
      {
        hint: 'Train it from scratch: method full, initialise random.',
      },
    );
  }
  const { architecture } = backbone;
  const file = await BackboneFile.open(backbone.path);
  try {
    checkBackbone(backbone.path, file.tensors, architecture);
    const tensors = new Map<string, Float32Array>();
    for (const name of vitTensorShapes(architecture, { classes: 0 }).keys()) {
      const values = await file.readFloat32(name);
      // What an earlier version took into the library was not looked through when it was added.
      const bad = indexNotFinite(values);
      if (bad >= 0) throw notFinite(backbone.path, name, values[bad] ?? Number.NaN, bad);
      tensors.set(name, values);
    }
    const side = (a: VitArchitecture): number => a.imageSize / a.patchSize;
    const embedding = tensors.get('pos_embed') ?? new Float32Array();
    tensors.set(
      'pos_embed',
      resamplePositionEmbedding(embedding, architecture.width, side(architecture), side(working)),
    );
    return tensors;
  } finally {
    await file.close();
  }
}

/** Fresh weights of everything but the head, as the family draws them; a function of the seed only. */
export function randomBackbone(
  architecture: VitArchitecture,
  seed: number,
): Map<string, Float32Array> {
  return new Map(
    modelSpec(architecture).tensors.map((tensor) => [tensor.name, initialTensor(tensor, seed)]),
  );
}
