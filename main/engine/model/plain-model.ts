import { headTensors } from '../../../shared/models/head.ts';
import { familyOf, type Architecture } from '../../../shared/models/registry.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { plainBuild, type Build, type Weights } from '../../networks/build.ts';
import { classify } from '../../networks/classifier.ts';
import { networkOf } from '../../networks/registry.ts';
import { imageShape, shapesOf, type Model } from './model.ts';

/** Builds a network from its stored weights alone. */
export function backboneBuild(
  architecture: Architecture,
  weights: Weights,
  stored: { has(name: string): boolean },
): Build {
  return plainBuild(weights, {
    hasBias: (path) => stored.has(`${path}.bias`),
    layerNormEpsilon: architecture.layerNormEpsilon,
  });
}

/** Normalised images (batch, 3, S, S) → logits (batch, classes). */
export function networkLogits(architecture: Architecture, images: Tensor, build: Build): Tensor {
  return classify(networkOf(architecture).features(images, architecture, build), build);
}

/** The backbone with its own head and nothing to train: a merged model. */
export function plainModel(architecture: Architecture, classes: number): Model {
  const frozen = shapesOf(familyOf(architecture).tensors(architecture, classes));
  return {
    architecture,
    classes,
    frozen,
    trainedTensors: [],
    trained: new Map(),
    input: imageShape(architecture),
    trainsBlocks: false,
    noise: () => [],
    logits: (images, weights) =>
      networkLogits(architecture, images, backboneBuild(architecture, weights, frozen)),
  };
}

/** The head alone, on features of the frozen backbone, as `linear` trains it. */
export function classifierModel(architecture: Architecture, classes: number): Model {
  const width = familyOf(architecture).width(architecture);
  const head = headTensors(width, classes);
  return {
    architecture,
    classes,
    frozen: new Map(),
    trainedTensors: head,
    trained: shapesOf(head),
    input: [width],
    trainsBlocks: false,
    noise: () => [],
    logits: (features, weights) => classify(features, { param: weights }),
  };
}
