import type { VitArchitecture } from '../../shared/models/vit.ts';
import { patchesAlong } from '../../shared/models/vit-architecture.ts';
import { staticDim } from '../graph/dim.ts';
import * as g from '../graph/operations.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Build } from './build.ts';

/** Rotary position embeddings (arXiv 2104.09864) of patches on a grid, as libraries compute them. */

type Kind = NonNullable<VitArchitecture['rope']>;
type Rotated = VitArchitecture & { readonly rope: Kind };

interface Form {
  readonly theta: number;
  /** Coordinate of the patch `index` among `count` along a side. */
  readonly coordinate: (index: number, count: number, reference: number) => number;
  /** Factor of the angles. */
  readonly turns: number;
  /** Whether the first half of the pairs is turned by the row, the second by the column. */
  readonly rowsFirst: boolean;
  /** Which channels are turned as a pair: neighbours, or those half a head apart. */
  readonly pairs: 'neighbours' | 'halves';
}

const FORMS: Readonly<Record<Kind, Form>> = {
  dinov3: {
    theta: 100,
    coordinate: (index, count) => (2 * (index + 0.5)) / count - 1,
    turns: 2 * Math.PI,
    rowsFirst: true,
    pairs: 'halves',
  },
  eva: {
    theta: 10_000,
    coordinate: (index, count, reference) => (index * reference) / count,
    turns: 1,
    rowsFirst: true,
    pairs: 'neighbours',
  },
  pe: {
    theta: 10_000,
    coordinate: (index, count, reference) => ((index + 1) * reference) / count,
    turns: 1,
    rowsFirst: false,
    pairs: 'neighbours',
  },
};

/** Cosines and sines, (patches, head size) or (batch, kept patches, head size). */
export interface Rotation {
  readonly cos: Tensor;
  readonly sin: Tensor;
}

export const isRotated = (a: VitArchitecture): a is Rotated => a.rope !== undefined;

/** The angles of all patches in row-major order, computed in float64. */
function anglesOf(a: Rotated): Float64Array {
  const form = FORMS[a.rope];
  const { ropeTheta: theta = form.theta, ropeReference: reference = 16 } = a;
  const side = patchesAlong(a);
  const head = a.width / a.heads;
  const rotations = head / 4;
  const angles = new Float64Array(side * side * head);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++)
      for (let pair = 0; pair < 2 * rotations; pair++) {
        const ofRows = pair < rotations === form.rowsFirst;
        const at = form.coordinate(ofRows ? y : x, side, reference);
        const angle = form.turns * at * theta ** (-(pair % rotations) / rotations);
        const from = (y * side + x) * head;
        const [one, other] =
          form.pairs === 'halves' ? [pair, pair + head / 2] : [2 * pair, 2 * pair + 1];
        angles[from + one] = angle;
        angles[from + other] = angle;
      }
  return angles;
}

/** The rotation of every patch that the blocks are given. */
export function rotationOf(a: Rotated, { positions }: Pick<Build, 'positions'>): Rotation {
  const angles = anglesOf(a);
  const constant = (f: (angle: number) => number): Tensor =>
    g.constant(Float32Array.from(angles, f), [patchesAlong(a) ** 2, a.width / a.heads]);
  return { cos: positions(constant(Math.cos)), sin: positions(constant(Math.sin)) };
}

/**
 * Turns q or k (batch, heads, tokens, head size), all but the `prefix` first tokens.
 */
export function rotate(x: Tensor, { cos, sin }: Rotation, kind: Kind, prefix: number): Tensor {
  const [batch = 0, heads = 0, count = 0, width = 0] = x.shape;
  const patches = staticDim(count) - prefix;
  if (patches <= 0) return x;
  const given = g.slice(x, [0, 0, prefix, 0], [batch, heads, patches, width]);
  const turned = g.add(
    g.mul(given, overHeads(cos)),
    g.mul(quarterTurn(given, FORMS[kind].pairs), overHeads(sin)),
  );
  if (prefix === 0) return turned;
  return g.concat([g.slice(x, [0, 0, 0, 0], [batch, heads, prefix, width]), turned], 2);
}

/** (batch, patches, width) → (batch, 1, patches, width). */
function overHeads(table: Tensor): Tensor {
  const [batch = 0, ...rest] = table.shape;
  return rest.length === 1 ? table : g.reshape(table, [batch, 1, ...rest]);
}

/** Each pair (a, b) of channels as (−b, a). */
function quarterTurn(x: Tensor, pairs: Form['pairs']): Tensor {
  const [batch = 0, heads = 0, count = 0, width = 0] = x.shape;
  const half = staticDim(width) / 2;
  const [sides, axis] =
    pairs === 'halves'
      ? [[batch, heads, count, 2, half] as const, 3]
      : [[batch, heads, count, half, 2] as const, 4];
  const split = g.reshape(x, sides);
  const of = (index: number): Tensor =>
    g.slice(
      split,
      sides.map((_, at) => (at === axis ? index : 0)),
      sides.map((side, at) => (at === axis ? 1 : side)),
    );
  return g.reshape(g.concat([g.neg(of(1)), of(0)], axis), x.shape);
}
