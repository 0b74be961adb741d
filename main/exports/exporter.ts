import type { ExportTarget, ModelFormat, Precision } from '../../shared/domain/export-target.ts';
import { KarstError } from '../../shared/domain/errors.ts';
import type { ExportNote } from '../../shared/domain/export-words.ts';
import type { Preprocessing } from '../../shared/domain/preprocessing.ts';
import type { Architecture } from '../../shared/models/registry.ts';
import type { TensorSpec } from '../../shared/models/spec.ts';
import type { NativeTensorFlow } from '../backends/tensorflow/session.ts';
import type { AdapterConfig } from '../formats/adapter-config.ts';
import type { TensorDtype } from '../formats/safetensors.ts';
import type { ProgramFunction } from '../graph/program.ts';

/** A classifier with its adapter, merged into the backbone where it can be, as exporters get it. */
export interface ExportedModel {
  /** Name of the run or adapter. */
  readonly name: string;
  readonly backbone: {
    readonly name: string;
    readonly sha256: string | null;
    /** As its configuration or the catalogue names it; null where none does. */
    readonly licence: string | null;
  };
  /** At the image size that was trained, with the number of outputs. */
  readonly architecture: Architecture;
  /** Names of the outputs, in order. */
  readonly labels: readonly string[];
  readonly preprocessing: Preprocessing;
  /** Method, settings, training and validation of the adapter. */
  readonly adapter: AdapterConfig;
  /** SHA-256 of the frozen list of images that it was trained on; null if unknown. */
  readonly manifestSha256: string | null;
  /** Whether the adapter is in the backbone's own tensors, and not in extra layers. */
  readonly merged: boolean;
  /**
   * Every tensor of the architecture under its canonical name, the head included, and those of extra
   * layers.
   */
  readonly specs: readonly TensorSpec[];
  /** The values of `specs`. */
  readonly tensors: ReadonlyMap<string, Float32Array | Float64Array>;
  /** The type of a tensor in the backbone's file; float32 for a model that has none. */
  readonly storedAs: (tensor: TensorSpec) => TensorDtype;
  /**
   * `images` (batch, 3, S, S), normalised, to `logits` and `probabilities` (batch, classes) for any
   * batch size. Its variables are `tensors` by name.
   */
  readonly classify: ProgramFunction;
}

/** A tensor of `model.tensors`, which holds one for each of `specs`. @throws KarstError internal */
export function mergedTensor(
  { tensors }: Pick<ExportedModel, 'tensors'>,
  name: string,
): Float32Array | Float64Array {
  const values = tensors.get(name);
  if (values === undefined)
    throw new KarstError('internal', `The merged model has no tensor ${name}.`);
  return values;
}

/** What was made of a model, for its description. */
export interface Written {
  readonly format: ModelFormat;
  /** null for a format that has no choice. */
  readonly precision: Precision | null;
  readonly notes: readonly ExportNote[];
}

/** Runs an exported model for its proof. */
export interface ReadBack {
  /** Normalised images (batch, 3, S, S) to what the exporter's `bound` compares: (batch, classes). */
  run(images: Float32Array, batch: number): Promise<Float32Array>;
  /** For a model that takes image files: its pixels (S, S, 3) in 0 … 255 and the probabilities. */
  readonly runFile?: (bytes: Uint8Array) => Promise<FileAnswer>;
  close(): Promise<void>;
}

export interface FileAnswer {
  readonly pixels: Float32Array;
  readonly probabilities: Float32Array;
}

/** What the engine lends for a proof. */
export interface ProofTools {
  /** A network of ours with these tensors, by canonical name: images to logits. */
  ourNetwork(
    architecture: Architecture,
    tensors: ReadonlyMap<string, Float32Array>,
  ): Promise<ReadBack>;
  /** @throws KarstError engine-unavailable without TensorFlow */
  tensorflow(): NativeTensorFlow;
}

/** How much an export may differ from the adapted model. */
export interface Bound {
  readonly of: 'logits' | 'probabilities';
  /** Largest difference allowed, given the largest |value|. */
  readonly tolerance: (largest: number) => number;
  /** Whether a loss of accuracy is expected, and so measured. */
  readonly lossy?: true;
}

type OptionsFor<F extends ModelFormat> = Extract<ExportTarget, { readonly format: F }>['options'];

/** Writes a model for other programs. Options and their limits are in `shared/domain/export-target.ts`. */
export interface Exporter<F extends ModelFormat = ModelFormat> {
  readonly format: F;
  /**
   * Writes the files into an empty folder.
   * @throws KarstError not-available for a model that the format cannot hold
   */
  write(model: ExportedModel, options: OptionsFor<F>, folder: string): Promise<void>;
  /** Opens what `write` wrote, in another implementation where there is one. */
  open(folder: string, model: ExportedModel, tools: ProofTools): Promise<ReadBack>;
  bound(model: ExportedModel, options: OptionsFor<F>): Bound;
  /** What users of the written model must know. */
  notes(model: ExportedModel): readonly ExportNote[];
}
