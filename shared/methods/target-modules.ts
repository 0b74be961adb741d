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
