import type { LinearSpec } from '../models/spec.ts';
import { someOf } from '../fields/field.ts';

/** The linear layers of a block that adapters can be attached to, in the order of the network. */
export const TARGET_MODULES = ['attn.qkv', 'attn.proj', 'mlp.fc1', 'mlp.fc2'] as const;
export type TargetModule = (typeof TARGET_MODULES)[number];

/** The option of every method that adapts linear layers. */
export const targetModules = someOf(TARGET_MODULES, {
  default: TARGET_MODULES,
  help: 'Which linear layers of each block get an adapter. All of them is usual.',
  affects: ['results', 'speed', 'memory'],
});

/**
 * The linear layers of those kinds: block by block in the order of the network, in each block in the order of `targets`.
 */
export function targeted(
  linears: readonly LinearSpec[],
  targets: readonly TargetModule[],
): LinearSpec[] {
  const blocks = new Map<string, LinearSpec[]>();
  for (const linear of linears) {
    const block = linear.path.slice(0, linear.path.lastIndexOf(linear.kind));
    blocks.set(block, [...(blocks.get(block) ?? []), linear]);
  }
  return [...blocks.values()].flatMap((block) =>
    targets.flatMap((target) => block.filter(({ kind }) => kind === target)),
  );
}
