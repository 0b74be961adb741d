/** A plain vision transformer as timm builds it (pre-norm, class token, learned position embeddings, exact GELU). */
export interface VitArchitecture {
  readonly family: 'vit';
  /** Input height and width in pixels; a multiple of `patchSize`. */
  readonly imageSize: number;
  readonly patchSize: number;
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** Width of the MLP's hidden layer, usually 4 × width. */
  readonly hidden: number;
  readonly qkvBias: boolean;
  /** Outputs of the head stored with the backbone; 0 when there is none. */
  readonly classes: number;
  readonly layerNormEpsilon: number;
}
