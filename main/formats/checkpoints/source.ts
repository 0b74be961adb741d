import type { SourceKind } from '../../../shared/domain/backbone.ts';
import type { VitArchitecture } from '../../../shared/models/vit.ts';
import type { Row } from './name-table.ts';
import type { Said } from '../../../shared/domain/said.ts';

/** How one library, in one of its layouts, names the tensors of a family of backbones. */
export interface CheckpointSource {
  readonly kind: SourceKind;
  readonly family: 'vit' | 'swin';
  /** Hugging Face's `model_type`, for its sources. */
  readonly model?: string;
  /** Tensors of the network that are all in a file of this source, and in none of a later one's. */
  readonly signature: readonly string[];
  /** Paths under which the network may stand beside heads and other towers; without one always. */
  readonly tower?: string;
  /** Tensors of the network that such a file does not have. */
  readonly without?: readonly string[];
  /** Further tensors that must be beside the tower, such as a head. */
  readonly beside?: readonly string[];
  /** Of the network, below its tower. */
  readonly rows: readonly Row[];
  /** Beside the tower: heads. */
  readonly outer?: readonly Row[];
  /** Names, below the tower or beside it, that a network for images does not need. */
  readonly ignored?: readonly RegExp[];
  /** Of several such sources, the networks that one is written for. */
  readonly writes?: Partial<Pick<VitArchitecture, 'mlp' | 'pool'>> & { readonly form?: string };
  /** What the library computes where no configuration says. */
  readonly said?: Said;
}
