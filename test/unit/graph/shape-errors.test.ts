import { describe, expect, it } from 'vitest';
import * as g from '../../../main/graph/operations.ts';
import { GraphError } from '../../../main/graph/graph-error.ts';
import type { Shape, Tensor } from '../../../main/graph/tensor.ts';

const x = (...shape: number[]): Tensor => g.input('x', shape);
const integers = (...shape: number[]): Tensor => g.input('i', shape, 'int32');
const flags = (...shape: number[]): Tensor => g.input('b', shape, 'bool');

type Mistake = readonly [what: string, make: () => unknown, message: RegExp];
const MISTAKES: readonly Mistake[] = [
  ['input of a negative side', () => g.input('x', [2, -1]), /input "x" of shape \(2, -1\)/],
  ['input of half a side', () => g.input('x', [1.5]), /\(1\.5\)/],
  ['variable of a side that is not a number', () => g.variable('w', [NaN]), /variable "w"/],
  [
    'constant with too few values',
    () => g.constant(Float32Array.of(1, 2), [3]),
    /2 values for \(3\)/,
  ],
  [
    'constant with too many values',
    () => g.constant(Float32Array.of(1, 2), []),
    /2 values for \(\)/,
  ],

  ...[g.add, g.sub, g.mul, g.div, g.maximum, g.minimum, g.greaterEqual].flatMap((op): Mistake[] => [
    [
      'shapes that do not broadcast',
      () => op(x(2, 3), x(2)),
      /\(2, 3\) and \(2\) do not broadcast/,
    ],
    ['inner sides that do not', () => op(x(2, 3, 4), x(2, 1)), /do not broadcast/],
    ['mixed number types', () => op(x(2), integers(2)), /of float32 and int32/],
    ['flags', () => op(flags(2), flags(2)), /of bool and bool/],
  ]),
  ['division of integers', () => g.div(integers(2), integers(2)), /div of int32/],

  ['select on numbers', () => g.select(x(2), x(2), x(2)), /select over/],
  [
    'select with broadcasting',
    () => g.select(flags(1), x(2), x(2)),
    /select over \(1\), \(2\), \(2\)/,
  ],
  ['select of two shapes', () => g.select(flags(2), x(2), x(2, 1)), /select over/],
  [
    'select of two types',
    () => g.select(flags(2), x(2), integers(2)),
    /select of float32 and int32/,
  ],
  ['select of flags', () => g.select(flags(2), flags(2), flags(2)), /select of bool/],

  ...[g.neg, g.exp, g.log, g.sqrt, g.rsqrt, g.erf, g.gelu, g.softmax, g.logSoftmax].map(
    (op): Mistake => ['function of integers', () => op(integers(2)), /of int32/],
  ),
  ['softmax of a scalar', () => g.softmax(x()), /softmax of \(\)/],
  ['logSoftmax of a scalar', () => g.logSoftmax(x()), /logSoftmax of \(\)/],
  ['layerNorm of a scalar', () => g.layerNorm(x(), x(), x(), 1e-6), /layerNorm of \(\)/],
  ['layerNorm with a negative ε', () => g.layerNorm(x(2), x(2), x(2), -1), /ε = -1/],
  ['layerNorm of integers', () => g.layerNorm(integers(2), x(2), x(2), 1e-6), /layerNorm of int32/],
  [
    'layerNorm with another weight',
    () => g.layerNorm(x(2, 3), x(2), x(3), 1e-6),
    /layerNorm of \(2, 3\) with a weight of \(2\)/,
  ],
  [
    'layerNorm with another bias',
    () => g.layerNorm(x(2, 3), x(3), x(1), 1e-6),
    /layerNorm with a bias of \(1\)/,
  ],
  [
    'layerNormGradient of two shapes',
    () => g.layerNormGradient(x(2, 3), x(3), x(3), 1e-6),
    /layerNormGradient over/,
  ],
  [
    'layerNormGradient with another weight',
    () => g.layerNormGradient(x(2, 3), x(2), x(2, 3), 1e-6),
    /layerNormGradient of/,
  ],
  ['geluGradient of two shapes', () => g.geluGradient(x(2), x(2, 1)), /geluGradient over/],
  ['geluGradient of integers', () => g.geluGradient(integers(2), integers(2)), /of int32/],

  [
    'packedAttention without its parts',
    () => g.packedAttention(x(2, 3, 2, 1, 4)),
    /packedAttention over \(2, 3, 2, 1, 4\)/,
  ],
  ['packedAttention of integers', () => g.packedAttention(integers(1, 2, 3, 1, 4)), /of int32/],
  [
    'packedAttentionGradient of two shapes',
    () => g.packedAttentionGradient(x(1, 2, 3, 1, 4), x(1, 2, 4, 1)),
    /packedAttentionGradient over/,
  ],

  [
    'attention with a bias that does not fit',
    () => g.attention(x(1, 2, 1, 4), x(1, 3, 1, 4), x(1, 3, 1, 4), { bias: x(3, 3) }),
    /do not broadcast/,
  ],
  [
    'attention with fewer values than keys',
    () => g.attention(x(1, 2, 1, 4), x(1, 3, 1, 4), x(1, 2, 1, 4)),
    /attention over \(1, 2, 1, 4\), \(1, 3, 1, 4\), \(1, 2, 1, 4\)/,
  ],
  [
    'attentionGradient of other queries',
    () => g.attentionGradient([x(1, 2, 1, 4), x(1, 3, 1, 4), x(1, 3, 1, 4)], x(1, 3, 1, 4), 1),
    /attentionGradient of \(1, 2, 1, 4\) for \(1, 3, 1, 4\)/,
  ],
  ['gather by floats', () => g.gather(x(3, 2), x(2)), /gather of \(3, 2\) by float32 \(2\)/],
  ['gather of a scalar', () => g.gather(x(), integers(2)), /gather of \(\)/],
  [
    'gatherGradient of other indices',
    () => g.gatherGradient(x(3, 2), integers(2), 4),
    /gatherGradient of \(3, 2\) by \(2\)/,
  ],

  [
    'addKronecker of another weight',
    () => g.addKronecker(x(4, 6), x(2, 2, 2), x(2, 1, 2, 2)),
    /addKronecker of \(4, 6\)/,
  ],
  [
    'addKronecker of other kernels',
    () => g.addKronecker(x(4, 4), x(2, 2, 2), x(3, 1, 2, 2)),
    /addKronecker of/,
  ],
  [
    'kroneckerGradient of integers',
    () => g.kroneckerGradient(integers(4, 4), x(2, 2, 2), x(2, 1, 2, 2)),
    /of int32/,
  ],

  ['mix of other kernels', () => g.mix(x(3, 4, 2, 3), x(3, 5, 4)), /mix of \(3, 4, 2, 3\) by/],
  [
    'mixGradient of other ranks',
    () => g.mixGradient(x(3, 5, 2, 3), x(3, 4, 2, 2)),
    /mixGradient of/,
  ],

  ['matmul of inner sides that differ', () => g.matmul(x(2, 3), x(2, 3)), /matmul of \(2, 3\) and/],
  [
    'matmul transposed the wrong way',
    () => g.matmul(x(2, 3), x(3, 2), { transposeB: true }),
    /matmul of \(2, 3\) and \(3, 2\)/,
  ],
  ['matmul of batches that differ', () => g.matmul(x(2, 2, 3), x(3, 3, 2)), /matmul of/],
  ['matmul of a batch and a matrix', () => g.matmul(x(2, 2, 3), x(3, 2)), /matmul of/],
  ['matmul with batches to broadcast', () => g.matmul(x(1, 2, 3), x(2, 3, 2)), /matmul of/],
  ['matmul of a vector', () => g.matmul(x(2, 3), x(3)), /matmul of \(3\)/],
  ['matmul of integers', () => g.matmul(integers(2, 2), integers(2, 2)), /of int32 and int32/],

  ...[g.sum, g.max, g.mean].flatMap((op): Mistake[] => [
    ['reduction over an axis out of range', () => op(x(2, 3), [2]), /axes 2 of \(2, 3\)/],
    ['reduction over a negative axis', () => op(x(2, 3), [-1]), /axes -1 of/],
    ['reduction over an axis twice', () => op(x(2, 3), [0, 0]), /axes 0,0 of/],
    ['reduction of flags', () => op(flags(2), [0]), /of bool/],
  ]),

  ['reshape to another size', () => g.reshape(x(2, 3), [2, 2]), /reshape of \(2, 3\) to \(2, 2\)/],
  ['reshape to negative sides', () => g.reshape(x(2, 3), [-2, -3]), /reshape of shape \(-2, -3\)/],
  ['transpose with an axis missing', () => g.transpose(x(2, 3), [0]), /permutation 0 of/],
  ['transpose with an axis twice', () => g.transpose(x(2, 3), [0, 0]), /permutation 0,0 of/],
  ['transpose with an axis out of range', () => g.transpose(x(2, 3), [1, 2]), /permutation 1,2 of/],
  ['broadcastTo fewer axes', () => g.broadcastTo(x(1, 3), [3]), /broadcast of \(1, 3\) to \(3\)/],
  ['broadcastTo another side', () => g.broadcastTo(x(2), [3]), /do not broadcast/],
  ['broadcastTo a smaller side', () => g.broadcastTo(x(2), [1]), /broadcast of \(2\) to \(1\)/],

  ['slice past the end', () => g.slice(x(4), [2], [3]), /slice 2 \(3\) of \(4\)/],
  ['slice from before the start', () => g.slice(x(4), [-1], [2]), /slice -1 \(2\) of \(4\)/],
  ['slice of negative length', () => g.slice(x(4), [2], [-1]), /\(-1\)/],
  ['slice with an axis missing', () => g.slice(x(2, 3), [0], [1]), /slice 0 \(1\) of \(2, 3\)/],
  ['pad by a negative number', () => g.pad(x(3), [-1], [0]), /pad of \(3\) by -1 and 0/],
  ['pad with an axis missing', () => g.pad(x(2, 3), [1], [0]), /pad of \(2, 3\) by 1 and 0/],
  ['pad with an axis too many', () => g.pad(x(2), [1], [0, 0]), /pad of \(2\)/],
  ['pad of flags', () => g.pad(flags(2), [1], [0]), /pad of bool/],

  ['concat of nothing', () => g.concat([], 0), /concat of nothing/],
  ['concat of other ranks', () => g.concat([x(2), x(2, 1)], 0), /concat of \(2\) \(2, 1\) along 0/],
  ['concat of other sides', () => g.concat([x(2, 3), x(2, 2)], 0), /along 0/],
  ['concat along an axis out of range', () => g.concat([x(2), x(2)], 1), /axis 1 of \(2\)/],
  ['concat along a negative axis', () => g.concat([x(2), x(2)], -1), /axis -1 of \(2\)/],
  ['concat of two types', () => g.concat([x(2), integers(2)], 0), /of float32 and int32/],
];

describe('a mistake in building a graph', () => {
  it.each(MISTAKES)('is a GraphError that says so: %s', (_, make, message) => {
    expect(make).toThrow(GraphError);
    expect(make).toThrow(message);
  });
});

describe('an operation that changes nothing', () => {
  const same: readonly (readonly [string, Shape, (t: Tensor) => Tensor])[] = [
    ['sum over no axes', [2, 3], (t) => g.sum(t, [])],
    ['max over no axes', [2, 3], (t) => g.max(t, [])],
    ['reshape to the same shape', [2, 3], (t) => g.reshape(t, [2, 3])],
    ['broadcastTo the same shape', [2, 3], (t) => g.broadcastTo(t, [2, 3])],
    ['slice of everything', [2, 3], (t) => g.slice(t, [0, 0], [2, 3])],
    ['pad by nothing', [2], (t) => g.pad(t, [0], [0])],
    ['pad of a scalar', [], (t) => g.pad(t, [], [])],
    ['concat of one', [2, 3], (t) => g.concat([t], 1)],
    ['cast to the same type', [2, 3], (t) => g.cast(t, 'float32')],
  ];
  it.each(same)('adds no node: %s', (_, shape, op) => {
    const t = g.input('x', shape);
    expect(op(t)).toBe(t);
  });
});

describe('number types', () => {
  it('are kept by operations that move values', () => {
    const t = integers(2, 2);
    const moved = [
      g.sum(t, [0]),
      g.max(t, [0]),
      g.reshape(t, [4]),
      g.transpose(t, [1, 0]),
      g.broadcastTo(t, [3, 2, 2]),
      g.slice(t, [0, 0], [1, 2]),
      g.pad(t, [1, 1], [0, 0]),
      g.concat([t, t], 0),
      g.select(flags(2, 2), t, t),
      g.stopGradient(t),
      g.add(t, t),
    ];
    expect(moved.map((m) => m.dtype)).toEqual(moved.map(() => 'int32'));
    expect(g.greaterEqual(t, t).dtype).toBe('bool');
    expect(g.constant(Int32Array.of(1), [1]).dtype).toBe('int32');
  });
});
