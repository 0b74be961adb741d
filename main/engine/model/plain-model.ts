import { vitTensorShapes } from '../../../shared/domain/karst-shapes.ts';
import type { VitArchitecture } from '../../../shared/models/vit.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { plainBuild, type Build, type Weights } from '../../networks/build.ts';
import { classify } from '../../networks/classifier.ts';
import { networkOf } from '../../networks/registry.ts';
import { imageShape, type Model } from './model.ts';

/** The functions that build a network with its stored weights alone. */
export function backboneBuild(
  architecture: VitArchitecture,
  weights: Weights,
  stored: { has(name: string): boolean },
): Build {
  return plainBuild(weights, {
    hasBias: (path) => stored.has(`${path}.bias`),
    layerNormEpsilon: architecture.layerNormEpsilon,
  });
}

/** Normalised images (batch, 3, S, S) → logits (batch, classes). */
export function networkLogits(architecture: VitArchitecture, images: Tensor, build: Build): Tensor {
  return classify(networkOf(architecture).features(images, architecture, build), build);
}

/** The backbone alone with its own head, nothing trained: what a merged model is. */
export function plainModel(architecture: VitArchitecture, classes: number): Model {
  const frozen = vitTensorShapes(architecture, { classes });
  return {
    architecture,
    classes,
    frozen,
    trained: new Map(),
    input: imageShape(architecture),
    trainsBlocks: false,
    noise: () => [],
    logits: (images, weights) =>
      networkLogits(architecture, images, backboneBuild(architecture, weights, frozen)),
  };
}

/** The head alone, on features that the frozen backbone has made: what `linear` trains. */
export function classifierModel(architecture: VitArchitecture, classes: number): Model {
  const whole = vitTensorShapes(architecture, { classes });
  return {
    architecture,
    classes,
    frozen: new Map(),
    trained: new Map([...whole].filter(([name]) => name.startsWith('head.'))),
    input: [architecture.width],
    trainsBlocks: false,
    noise: () => [],
    logits: (features, weights) => classify(features, { param: weights }),
  };
}
