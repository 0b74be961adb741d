import type { Architecture } from '../../shared/models/registry.ts';
import type { Network } from './network.ts';
import { vit } from './vit.ts';

/** The networks of all families. */
const NETWORKS: Readonly<Record<Architecture['family'], Network<Architecture>>> = { vit };

export function networkOf({ family }: Architecture): Network<Architecture> {
  return NETWORKS[family];
}
