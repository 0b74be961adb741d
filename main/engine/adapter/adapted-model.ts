import type { VitArchitecture } from '../../../shared/domain/architecture.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { karstTensorShapes, vitTensorShapes } from '../../../shared/domain/karst-shapes.ts';
import type { KarstOptions } from '../../../shared/methods/karst.ts';
import type { Method } from '../../../shared/methods/registry.ts';
import type { Shape, Tensor } from '../../graph/tensor.ts';
import { plainBuild, type Build, type Weights } from '../../networks/build.ts';
import { classify } from '../../networks/classifier.ts';
import { networkOf } from '../../networks/registry.ts';
import { withCheckpoints, withDropPath, withPatchSelection } from '../../networks/regularise.ts';
import { prefersFactoredGradient } from './gradient-path.ts';
import { adaptedLinears, foldedLinear, withKarst, type AdaptedLinear } from './karst.ts';

/** What stays as it is, what is trained, and the network that both make, for one method on one backbone. */
export interface AdaptedModel {
  readonly architecture: VitArchitecture;
  /** Classes of the trained head. */
  readonly classes: number;
  /** Shapes of the backbone's tensors that are not trained, by timm name. */
  readonly frozen: ReadonlyMap<string, Shape>;
  /** Shapes of the trained tensors, by the name they are stored under. */
  readonly trained: ReadonlyMap<string, Shape>;
  readonly linears: readonly AdaptedLinear[];
  /** Of one row of what `logits` takes: a normalised image (3, S, S), or features (width). */
  readonly input: Shape;
  /** kernels · rank: what rank dropout draws for, in each adapted Linear. */
  readonly rankDirections: number;
  /** (batch, …input) → logits (batch, classes). `noise`, which may be empty: to be trained. */
  logits(images: Tensor, weights: Weights, noise?: TrainingNoise): Tensor;
  /**
   * Of a folded model: what tensors of the backbone become, by name, before `logits` may be asked for. It then costs
   * what the backbone costs.
   */
  readonly fold?: (weights: Weights) => ReadonlyMap<string, Tensor>;
}

/** Random masks of one training step; left out in evaluation. */
export interface TrainingNoise {
  /** (2 · depth, batch). */
  readonly dropPath?: Tensor;
  /** (adapted linears, kernels · rank). */
  readonly rankMask?: Tensor;
  /** (batch, kept patches, patches). */
  readonly patchSelection?: Tensor;
}

export interface AdaptedModelOptions {
  readonly architecture: VitArchitecture;
  readonly classes: number;
  readonly method: Method;
  /** Of the method `karst`; the others have none, and what is given is not looked at. */
  readonly karst: KarstOptions | null;
  /** How the factors of a Linear get their gradients, for so many rows; usually by what costs less. */
  readonly factoredGradient?: (linear: AdaptedLinear, rows: number) => boolean;
  /** So many blocks, from the first, are computed again in the backward pass and keep nothing for it. */
  readonly recomputedBlocks?: number;
  /** Not to be trained: the adapter is folded into the backbone once, instead of being added in every call. */
  readonly folded?: boolean;
}

export function adaptedModel({
  architecture,
  classes,
  method,
  karst: given,
  factoredGradient,
  recomputedBlocks = 0,
  folded = false,
}: AdaptedModelOptions): AdaptedModel {
  const karst = method === 'karst' ? given : null;
  if (method === 'karst' && karst === null)
    throw new KarstError(
      'internal',
      'A model of the method karst was asked for without its options.',
    );
  const whole = vitTensorShapes(architecture, { classes });
  const isHead = (name: string): boolean => name.startsWith('head.');
  const backbone = new Map([...whole].filter(([name]) => !isHead(name)));
  const head = new Map([...whole].filter(([name]) => isHead(name)));
  const linears = karst === null ? [] : adaptedLinears(architecture, karst);
  const adapter =
    karst === null ? new Map<string, Shape>() : karstTensorShapes(architecture, karst);
  const trained = new Map([...(method === 'full' ? backbone : adapter), ...head]);
  const hasBias = (module: string): boolean => backbone.has(`${module}.bias`);
  return {
    architecture,
    classes,
    frozen: method === 'full' ? new Map<string, Shape>() : backbone,
    trained,
    linears,
    input: imageShape(architecture),
    rankDirections: karst === null ? 0 : karst.kernels * karst.rank,
    logits: (images, weights, noise) => {
      const plain = plainBuild(weights, {
        hasBias,
        layerNormEpsilon: architecture.layerNormEpsilon,
      });
      const adapted =
        karst === null || folded
          ? plain
          : withKarst(plain, linears, karst, {
              hasBias,
              factoredGradient: (linear, rows) =>
                noise !== undefined &&
                (factoredGradient?.(linear, rows) ?? prefersFactoredGradient(linear, karst, rows)),
              ...(noise?.rankMask === undefined ? {} : { rankMask: noise.rankMask }),
            });
      const build = withCheckpoints(withNoise(adapted, noise ?? {}), recomputedBlocks);
      return classify(networkOf(architecture).features(images, architecture, build), build);
    },
    ...(folded && karst !== null
      ? { fold: (weights) => foldedTensors(linears, karst, weights, hasBias) }
      : {}),
  };
}

function withNoise(build: Build, { dropPath, patchSelection }: TrainingNoise): Build {
  const dropping = dropPath === undefined ? build : withDropPath(build, dropPath);
  return patchSelection === undefined ? dropping : withPatchSelection(dropping, patchSelection);
}

function foldedTensors(
  linears: readonly AdaptedLinear[],
  karst: KarstOptions,
  weights: Weights,
  hasBias: (module: string) => boolean,
): Map<string, Tensor> {
  return new Map(
    linears.flatMap((linear): [string, Tensor][] => {
      const { weight, bias } = foldedLinear(linear, karst, weights, hasBias);
      const tensors: [string, Tensor][] = [[`${linear.module}.weight`, weight]];
      return bias === null ? tensors : [...tensors, [`${linear.module}.bias`, bias]];
    }),
  );
}

/** The backbone alone with its own head, nothing trained: what a merged model is. */
export function plainModel(architecture: VitArchitecture, classes: number): AdaptedModel {
  const frozen = vitTensorShapes(architecture, { classes });
  return {
    architecture,
    classes,
    frozen,
    trained: new Map(),
    linears: [],
    input: imageShape(architecture),
    rankDirections: 0,
    logits: (images, weights) => {
      const hasBias = (module: string): boolean => frozen.has(`${module}.bias`);
      const build = plainBuild(weights, {
        hasBias,
        layerNormEpsilon: architecture.layerNormEpsilon,
      });
      return classify(networkOf(architecture).features(images, architecture, build), build);
    },
  };
}

/** The head alone, on features that the frozen backbone has made: what `linear` trains. */
export function classifierModel(architecture: VitArchitecture, classes: number): AdaptedModel {
  const whole = vitTensorShapes(architecture, { classes });
  return {
    architecture,
    classes,
    frozen: new Map(),
    trained: new Map([...whole].filter(([name]) => name.startsWith('head.'))),
    linears: [],
    input: [architecture.width],
    rankDirections: 0,
    logits: (features, weights) => classify(features, { param: weights }),
  };
}

/** Of one normalised image. */
export function imageShape({ imageSize }: VitArchitecture): Shape {
  return [3, imageSize, imageSize];
}
