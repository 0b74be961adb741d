import { headTensors } from '../../../shared/models/head.ts';
import type { Architecture } from '../../../shared/models/registry.ts';
import type { Build } from '../../networks/build.ts';
import { withCheckpoints, withDropPath, withPatchSelection } from '../../networks/regularise.ts';
import type { Tuner } from '../../tuning/tuner.ts';
import { imageShape, shapesOf, type Model, type TrainingNoise } from './model.ts';
import { backboneBuild, networkLogits } from './plain-model.ts';

export interface AdaptedModelOptions {
  readonly architecture: Architecture;
  readonly classes: number;
  /** The method, with its options, on a backbone of this architecture. */
  readonly tuner: Tuner;
  /**
   * Number of checkpointed blocks, from the first: their activations are recomputed in the backward
   * pass.
   */
  readonly checkpointedBlocks?: number;
  /**
   * For inference: the adapter is merged into the backbone once instead of being applied in every
   * call.
   */
  readonly merged?: boolean;
}

/** A backbone with a method attached and a new head. */
export function adaptedModel({
  architecture,
  classes,
  tuner,
  checkpointedBlocks = 0,
  merged = false,
}: AdaptedModelOptions): Model {
  const { tensors, width } = tuner.model;
  const inPlace = tensors.filter((tensor) => tuner.trainsInPlace(tensor));
  const trainedTensors = [...inPlace, ...tuner.added, ...headTensors(width, classes)];
  const stored = shapesOf(tensors);
  const weightsMerged = merged ? tuner.merged : null;
  return {
    architecture,
    classes,
    frozen: shapesOf(tensors.filter((tensor) => !tuner.trainsInPlace(tensor))),
    trainedTensors,
    trained: shapesOf(trainedTensors),
    input: imageShape(architecture),
    trainsBlocks: tuner.spec.scope !== 'head',
    noise: tuner.noise,
    logits: (images, weights, noise) => {
      const plain = backboneBuild(architecture, weights, stored);
      const attachment = { training: noise !== undefined, noise: noise ?? new Map() };
      const adapted = weightsMerged === null ? tuner.attach(plain, attachment) : plain;
      const build = withCheckpoints(withNoise(adapted, attachment.noise), checkpointedBlocks);
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
