import type { Architecture } from '../../shared/models/registry.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Build } from './build.ts';

/** The computation of one backbone family. */
export interface Network<A extends Architecture> {
  /** Maps normalised images (batch, 3, S, S) to features for the head (batch, width). */
  readonly features: (images: Tensor, architecture: A, build: Build) => Tensor;
}
