import type { Architecture } from '../../shared/models/registry.ts';
import type { Network } from './network.ts';
import { vit } from './vit.ts';

/** Every family's network: one line for each. */
const NETWORKS: Readonly<Record<Architecture['family'], Network<Architecture>>> = { vit };

export function networkOf({ family }: Architecture): Network<Architecture> {
  return NETWORKS[family];
}
