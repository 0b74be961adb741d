import { above, whole } from '../fields/field.ts';
import { group, type OptionsOf } from '../fields/group.ts';
import type { Initialiser, LinearSpec, ModelSpec, TensorSpec } from '../models/spec.ts';
import type { MethodSpec } from './method.ts';

const options = group({
  hidden: whole(2, 1024, {
    default: 8,
    usual: [2, 64],
    help: 'Width of the bottleneck of each adapter.',
    affects: ['results', 'speed', 'memory'],
  }),
  scale: above(0, 10_000, {
    default: 1,
    usual: [0.01, 100],
    step: 'tenth',
    help: 'Strength of the adapter: its output is multiplied by this.',
    affects: ['results'],
  }),
});

export type RepAdapterOptions = OptionsOf<typeof options>;

/** An adapter before the attention or the MLP of a block, and the Linears that it is merged into. */
export interface RepAdapterSite {
  readonly path: string;
  readonly width: number;
  /** Whether it has biases: Linears without one could not hold them when merged. */
  readonly biases: boolean;
  readonly linears: readonly LinearSpec[];
}

export function repAdapterSites({ linears }: ModelSpec): RepAdapterSite[] {
  const into = linears.filter(({ kind }) => kind === 'attn.qkv' || kind === 'mlp.fc1');
  // A split gate has two Linears with one input.
  const bySite = Map.groupBy(into, ({ path }) => path.slice(0, path.lastIndexOf('.')));
  return [...bySite].map(([path, given]) => ({
    path,
    width: given[0]?.in ?? 0,
    biases: given.every(({ bias }) => bias),
    linears: given,
  }));
}

/** Outputs and inputs of the two groups of the second layer. */
export function groupsOf(
  { width }: Pick<RepAdapterSite, 'width'>,
  { hidden }: RepAdapterOptions,
): { readonly out: number; readonly in: number }[] {
  const first = { out: Math.ceil(width / 2), in: Math.ceil(hidden / 2) };
  return [first, { out: width - first.out, in: hidden - first.in }];
}

function tensorsOf(site: RepAdapterSite, o: RepAdapterOptions): TensorSpec[] {
  const { path, width, biases } = site;
  const { hidden } = o;
  const zero: Initialiser = { kind: 'constant', value: 0 };
  const named = (leaf: string) => `${path}.repadapter_${leaf}`;
  return [
    {
      name: named('down'),
      shape: [hidden, width],
      role: 'matrix',
      // Xavier-uniform.
      init: { kind: 'uniform', bound: Math.sqrt(6 / (hidden + width)) },
    },
    ...groupsOf(site, o).map(({ out, in: inner }, index): TensorSpec => ({
      name: named(`up_${String(index)}`),
      shape: [out, inner],
      role: 'matrix',
      init: zero,
    })),
    ...(biases
      ? [
          { name: named('down_bias'), shape: [hidden], role: 'scale' as const, init: zero },
          { name: named('up_bias'), shape: [width], role: 'scale' as const, init: zero },
        ]
      : []),
  ];
}

/**
 * RepAdapter (arXiv 2302.08106): what attention and MLP are given is changed by a linear bottleneck
 * whose second layer has two groups, x + s · B (A x + a) + b; B, a and b are zero at the start.
 */
export const repadapter: MethodSpec<'repadapter', RepAdapterOptions> = {
  name: 'repadapter',
  title: 'RepAdapter',
  paper: '2302.08106',
  scope: 'adapter',
  merges: true,
  families: null,
  options,
  added: (model, o) => repAdapterSites(model).flatMap((site) => tensorsOf(site, o)),
  trainsInPlace: () => false,
  noise: [],
  presets: {},
};
