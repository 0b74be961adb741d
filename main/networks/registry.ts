import type { Architecture, ArchitectureOf } from '../../shared/models/registry.ts';
import type { Network } from './network.ts';
import { swin } from './swin.ts';
import { vit } from './vit.ts';

/** The networks of all families. */
const NETWORKS: { readonly [F in Architecture['family']]: Network<ArchitectureOf<F>> } = {
  vit,
  swin,
};

/** The network of an architecture, for architectures of the same family. */
export function networkOf({ family }: Architecture): Network<Architecture> {
  return NETWORKS[family] as unknown as Network<Architecture>;
}
