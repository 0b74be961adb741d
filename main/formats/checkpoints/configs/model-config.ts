import type { Preprocessing } from '../../../../shared/domain/preprocessing.ts';
import type { Architecture } from '../../../../shared/models/registry.ts';
import type { SwinArchitecture } from '../../../../shared/models/swin.ts';
import type { Said } from '../../../../shared/domain/said.ts';
import type { DescribedNetwork } from './described.ts';

type FieldOf<A> = A extends unknown ? keyof A & string : never;

/** A number of a configuration that the weights tell as well. */
export interface Check {
  /** As the configuration calls it. */
  readonly key: string;
  readonly field: FieldOf<Architecture | SwinArchitecture>;
  readonly value: unknown;
}

/** The remedy for a file beside the weights. */
export const OTHER_CONFIG =
  'Put the configuration that belongs to the weights beside them, or remove it.';

/** What a library's configuration beside the weights says, in the words of our architectures. */
export interface ModelConfig {
  readonly library: 'timm' | 'huggingface' | 'open_clip';
  readonly path: string;
  readonly said: Said;
  readonly checks: readonly Check[];
  /** The kind of network that it names; null where it names none that is known. */
  readonly describes: DescribedNetwork | null;
  /** timm's name of the model, tag included; null where it names none. */
  readonly architecture: string | null;
  /**
   * Width and patch size of the model of that name, where the configuration does not override them,
   * and what it says for weights of others, which only borrow the name.
   */
  readonly named: {
    readonly width?: number;
    readonly patchSize?: number;
    readonly otherwise: Said;
  } | null;
  /** Its last layer compares pictures with texts and is no classifier. */
  readonly projection: boolean;
  /** Class names of its own head in the order of the label ids, as they stand; null where it has none. */
  readonly labels: readonly string[] | null;
  /** The key that has them. */
  readonly labelsKey: 'label_names' | 'id2label';
  /** What a person does where it does not belong to the weights. */
  readonly remedy: string;
  readonly licence: string | null;
  /** Hugging Face's `model_type`. */
  readonly modelType: string | null;
  /** open_clip's `preprocess_cfg`. */
  readonly openClip: Omit<Preprocessing, 'imageSize'> | null;
  /** In timm's configuration. */
  readonly preprocessing: Partial<Preprocessing> | null;
}
