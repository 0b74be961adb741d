import { headTensors } from '../../../shared/models/head.ts';
import type { VitArchitecture } from '../../../shared/models/vit.ts';
import type { Shape } from '../../graph/tensor.ts';
import type { Build } from '../../networks/build.ts';
import { withCheckpoints, withDropPath, withPatchSelection } from '../../networks/regularise.ts';
import type { Tuner } from '../../tuning/tuner.ts';
import { imageShape, type Model, type TrainingNoise } from './model.ts';
import { backboneBuild, networkLogits } from './plain-model.ts';

export interface AdaptedModelOptions {
  readonly architecture: VitArchitecture;
  readonly classes: number;
  /** The method, with its options, on a backbone of this architecture. */
  readonly tuner: Tuner;
  /** So many blocks, from the first, are computed again in the backward pass and keep nothing for it. */
  readonly recomputedBlocks?: number;
  /** Not to be trained: the adapter is merged into the backbone once, instead of being added in every call. */
  readonly merged?: boolean;
}

/** A backbone with a method on it and a head of its own. */
export function adaptedModel({
  architecture,
  classes,
  tuner,
  recomputedBlocks = 0,
  merged = false,
}: AdaptedModelOptions): Model {
  const backbone = new Map<string, Shape>();
  const inPlace = new Map<string, Shape>();
  for (const tensor of tuner.model.tensors)
    (tuner.trainsInPlace(tensor) ? inPlace : backbone).set(tensor.name, tensor.shape);
  const fresh = [...tuner.added, ...headTensors(architecture.width, classes)];
  const stored = new Map([...backbone, ...inPlace]);
  const weightsMerged = merged ? tuner.merged : null;
  return {
    architecture,
    classes,
    frozen: backbone,
    trained: new Map([...inPlace, ...fresh.map(({ name, shape }) => [name, shape] as const)]),
    input: imageShape(architecture),
    trainsBlocks: tuner.spec.scope !== 'head',
    noise: tuner.noise,
    logits: (images, weights, noise) => {
      const plain = backboneBuild(architecture, weights, stored);
      const attachment = { training: noise !== undefined, noise: noise ?? new Map() };
      const adapted = weightsMerged === null ? tuner.attach(plain, attachment) : plain;
      const build = withCheckpoints(withNoise(adapted, attachment.noise), recomputedBlocks);
      return networkLogits(architecture, images, build);
    },
    ...(weightsMerged === null ? {} : { merged: weightsMerged }),
  };
}

function withNoise(build: Build, noise: TrainingNoise): Build {
  const dropPath = noise.get('dropPath');
  const patches = noise.get('patchDrop');
  const dropping = dropPath === undefined ? build : withDropPath(build, dropPath);
  return patches === undefined ? dropping : withPatchSelection(dropping, patches);
}
