import * as g from '../../../main/graph/operations.ts';
import type { OpName } from '../../../main/graph/registry.ts';
import type { StaticShape, Tensor } from '../../../main/graph/tensor.ts';
import { NETWORK_ROWS } from './network-rows.ts';
import {
  flags,
  floats,
  forwardOnly,
  integers,
  positive,
  row,
  type Operand,
  type Row,
} from './row.ts';

const PAIRS: readonly (readonly [StaticShape, StaticShape])[] = [
  [[], []],
  [[4], [4]],
  [[2, 3], []],
  [[], [2, 3]],
  [[2, 3], [3]],
  [[3], [2, 3]],
  [
    [2, 3],
    [2, 1],
  ],
  [
    [2, 1],
    [1, 3],
  ],
  [
    [2, 3],
    [1, 1],
  ],
  [[1], [1, 1]],
  [
    [2, 3, 4],
    [3, 1],
  ],
  [
    [4, 1, 3],
    [2, 1],
  ],
  [
    [2, 1, 3, 2],
    [2, 1, 2],
  ],
  [
    [2, 1, 2, 1, 2],
    [2, 1, 3, 1],
  ],
  [
    [2, 1, 2, 1, 2, 2],
    [2, 1, 1, 1, 1],
  ],
];

type Binary = (a: Tensor, b: Tensor) => Tensor;
function broadcasting(op: Binary, right: (shape: StaticShape) => Operand = floats): Row[] {
  return PAIRS.map(([a, b]) => row(`(${a.join()}) with (${b.join()})`, [a, right(b)], op));
}

function arithmetic(op: Binary): Row[] {
  return [
    ...broadcasting(op),
    row('integers', [integers([3, 2]), integers([2])], op),
    row('one tensor twice', [[3]], (x) => op(x, x)),
  ];
}

function everyRank(
  op: (x: Tensor) => Tensor,
  operand: (shape: StaticShape) => Operand = floats,
): Row[] {
  const shapes = [[], [5], [2, 3], [2, 1, 3], [2, 2, 1, 3], [2, 1, 2, 2, 2], [2, 1, 2, 1, 2, 2]];
  return shapes.map((shape) => row(`rank ${String(shape.length)}`, [operand(shape)], op));
}

function lastAxis(op: (x: Tensor) => Tensor): Row[] {
  const shapes = [[5], [2, 3], [2, 3, 4], [2, 1, 2, 3], [2, 2, 1, 2, 3], [1, 2, 1, 2, 2, 3]];
  return [
    ...shapes.map((shape) => row(`rank ${String(shape.length)}`, [shape], op)),
    row('one column', [[3, 1]], op),
    row('large values', [floats([2, 4], -80, 80)], op),
  ];
}

function reductions(op: (x: Tensor, axes: readonly number[], keepDims?: boolean) => Tensor): Row[] {
  const cases: readonly (readonly [StaticShape, readonly number[]])[] = [
    [[4], [0]],
    [[2, 3], [0]],
    [[2, 3], [1]],
    [
      [2, 3],
      [0, 1],
    ],
    [[2, 3, 2], [1]],
    [
      [2, 3, 2],
      [2, 0],
    ],
    [[2, 1, 3], [1]],
    [
      [2, 2, 3, 2],
      [0, 2],
    ],
    [
      [2, 2, 1, 2, 2],
      [1, 4],
    ],
    [
      [2, 1, 2, 2, 1, 2],
      [0, 3, 5],
    ],
  ];
  return [
    ...cases.flatMap(([shape, axes]) =>
      [false, true].map((keepDims) =>
        row(`(${shape.join()}) over ${axes.join()}${keepDims ? ' kept' : ''}`, [shape], (x) =>
          op(x, axes, keepDims),
        ),
      ),
    ),
    row('integers', [integers([3, 2])], (x) => op(x, [0])),
  ];
}

function matrixProducts(): Row[] {
  const sizes: readonly (readonly [
    batch: StaticShape,
    rows: number,
    inner: number,
    columns: number,
  ])[] = [
    [[], 2, 3, 4],
    [[], 1, 3, 1],
    [[], 3, 1, 2],
    [[2], 2, 3, 4],
    [[1], 2, 3, 2],
    [[2, 3], 2, 2, 3],
    [[2, 1, 2], 2, 3, 2],
    [[1, 2, 1, 2], 2, 1, 3],
  ];
  return sizes.flatMap(([batch, rows, inner, columns]) =>
    [false, true].flatMap((transposeA) =>
      [false, true].map((transposeB) =>
        row(
          `(${[...batch, rows, inner].join()})${transposeA ? 'ᵀ' : ''} by ${String(columns)}${transposeB ? 'ᵀ' : ''}`,
          [
            [...batch, ...(transposeA ? [inner, rows] : [rows, inner])],
            [...batch, ...(transposeB ? [columns, inner] : [inner, columns])],
          ],
          (a, b) => g.matmul(a, b, { transposeA, transposeB }),
        ),
      ),
    ),
  );
}

/**
 * Every operation in all its variants. A new operation needs an entry here or in `NETWORK_ROWS`, or
 * this does not compile.
 */
export const ROWS: Readonly<Record<OpName, readonly Row[]>> = {
  ...NETWORK_ROWS,
  input: [row('alone', [[2, 3]], (x) => x)],
  // Half of the tests pass the operands as inputs, the other half as variables.
  variable: [row('alone', [[2, 3]], (x) => x)],
  constant: [
    row('floats', [[2, 2]], (x) => g.mul(x, g.constant(Float32Array.of(1, -2, 3, 0.5), [2, 2]))),
    row('integers', [[1]], (x) =>
      g.add(x, g.cast(g.constant(Int32Array.of(1, -2, 3), [3]), 'float32')),
    ),
    row('scalar', [[2]], (x) => g.mul(x, g.scalar(-1.25))),
  ],
  add: arithmetic(g.add),
  sub: arithmetic(g.sub),
  mul: arithmetic(g.mul),
  div: broadcasting(g.div, positive),
  maximum: arithmetic(g.maximum),
  minimum: arithmetic(g.minimum),
  greaterEqual: [
    ...broadcasting((a, b) => g.mul(g.cast(g.greaterEqual(a, b), 'float32'), a)),
    row('integers that tie', [integers([40]), integers([40])], (a, b) =>
      g.cast(g.greaterEqual(a, b), 'float32'),
    ),
    row('fetched as it is', [[5], [5]], g.greaterEqual),
  ],
  select: [
    ...[[], [4], [2, 3], [2, 2, 2], [2, 1, 2, 1, 2, 2]].map((shape) =>
      row(`(${shape.join()})`, [flags(shape), shape, shape], g.select),
    ),
    row('integers', [flags([6]), integers([6]), integers([6])], g.select),
    row('condition computed from the operands', [[6], [6]], (a, b) =>
      g.select(g.greaterEqual(a, b), g.mul(a, a), b),
    ),
  ],
  neg: everyRank(g.neg),
  exp: everyRank(g.exp),
  log: everyRank(g.log, positive),
  sqrt: everyRank(g.sqrt, positive),
  rsqrt: everyRank(g.rsqrt, positive),
  erf: [...everyRank(g.erf), row('tails', [floats([8], -7, 7)], g.erf)],
  tanh: [...everyRank(g.tanh), row('tails', [floats([8], -9, 9)], g.tanh)],
  sigmoid: [...everyRank(g.sigmoid), row('tails', [floats([8], -9, 9)], g.sigmoid)],
  gelu: [...everyRank(g.gelu), row('tails', [floats([8], -9, 9)], g.gelu)],
  geluGradient: [
    row('rank 0', [[], []], g.geluGradient),
    row(
      'rank 2',
      [
        [2, 3],
        [2, 3],
      ],
      g.geluGradient,
    ),
    row(
      'rank 6',
      [
        [2, 1, 2, 1, 2, 2],
        [2, 1, 2, 1, 2, 2],
      ],
      g.geluGradient,
    ),
    row('tails', [floats([8], -9, 9), [8]], g.geluGradient),
  ].map(forwardOnly),
  softmax: lastAxis(g.softmax),
  logSoftmax: lastAxis(g.logSoftmax),
  matmul: [
    ...matrixProducts(),
    row('a matrix by itself', [[3, 3]], (x) => g.matmul(x, x)),
    row('a matrix by its own transpose', [[2, 3]], (x) => g.matmul(x, x, { transposeB: true })),
  ],
  sum: [...reductions(g.sum), row('over everything', [[2, 3, 2]], g.sumAll)],
  max: [
    ...reductions(g.max),
    row('ties among all of a broadcast axis', [[2, 1, 3]], (x) =>
      g.max(g.broadcastTo(x, [2, 4, 3]), [1, 2]),
    ),
  ],
  reshape: (
    [
      [[], [1, 1]],
      [[1], []],
      [[6], [2, 3]],
      [
        [2, 3],
        [3, 2],
      ],
      [
        [2, 3, 2],
        [2, 1, 3, 2],
      ],
      [
        [2, 2, 2, 3],
        [2, 1, 2, 2, 3, 1],
      ],
      [[2, 1, 2, 1, 2, 1], [8]],
    ] as const
  ).map(([from, to]) => row(`(${from.join()}) to (${to.join()})`, [from], (x) => g.reshape(x, to))),
  transpose: [
    ...(
      [
        [[3], [0]],
        [
          [2, 3],
          [0, 1],
        ],
        [
          [2, 3],
          [1, 0],
        ],
        [
          [2, 3, 4],
          [2, 0, 1],
        ],
        [
          [2, 3, 4],
          [0, 2, 1],
        ],
        [
          [2, 3, 2, 2],
          [0, 2, 1, 3],
        ],
        [
          [2, 1, 3, 2],
          [3, 1, 0, 2],
        ],
        [
          [2, 3, 1, 2, 2],
          [2, 0, 3, 1, 4],
        ],
        [
          [2, 1, 2, 3, 1, 2],
          [0, 2, 4, 1, 3, 5],
        ],
        [
          [2, 1, 2, 3, 1, 2],
          [5, 3, 1, 4, 2, 0],
        ],
      ] as const
    ).map(([shape, permutation]) =>
      row(`(${shape.join()}) by ${permutation.join()}`, [shape], (x) =>
        g.transpose(x, permutation),
      ),
    ),
    row('integers', [integers([2, 3])], (x) => g.transpose(x, [1, 0])),
  ],
  broadcastTo: [
    ...(
      [
        [[], [3]],
        [[], [2, 3]],
        [[1], [4]],
        [[3], [2, 3]],
        [
          [2, 1],
          [2, 3],
        ],
        [
          [1, 3],
          [2, 3],
        ],
        [
          [2, 1, 2],
          [2, 3, 2],
        ],
        [
          [2, 1],
          [2, 1, 2, 3],
        ],
        [
          [1, 2, 1],
          [2, 1, 3, 2, 2],
        ],
        [
          [2, 1, 1, 2, 1],
          [2, 2, 1, 2, 2, 2],
        ],
      ] as const
    ).map(([from, to]) =>
      row(`(${from.join()}) to (${to.join()})`, [from], (x) => g.broadcastTo(x, to)),
    ),
    row('integers of rank 5', [integers([2, 1])], (x) => g.broadcastTo(x, [2, 1, 1, 2, 3])),
    row('flags', [flags([2, 1])], (x) => g.cast(g.broadcastTo(x, [2, 3]), 'float32')),
    row('flags of rank 5', [flags([2, 1])], (x) =>
      g.cast(g.broadcastTo(x, [2, 1, 1, 2, 3]), 'float32'),
    ),
  ],
  slice: [
    ...(
      [
        [[5], [1], [3]],
        [
          [3, 4],
          [0, 2],
          [3, 2],
        ],
        [
          [3, 4],
          [1, 1],
          [1, 1],
        ],
        [
          [3, 3, 2],
          [1, 0, 1],
          [2, 3, 1],
        ],
        [
          [3, 1, 2, 4],
          [2, 0, 0, 1],
          [1, 1, 2, 3],
        ],
        [
          [3, 2, 1, 3, 2],
          [1, 0, 0, 1, 0],
          [1, 2, 1, 2, 2],
        ],
        [
          [2, 3, 1, 2, 1, 3],
          [0, 1, 0, 1, 0, 0],
          [2, 2, 1, 1, 1, 2],
        ],
      ] as const
    ).map(([shape, begin, part]) =>
      row(`(${part.join()}) at ${begin.join()} of (${shape.join()})`, [shape], (x) =>
        g.slice(x, begin, part),
      ),
    ),
    row('integers', [integers([4, 2])], (x) => g.slice(x, [1, 0], [2, 2])),
  ],
  pad: [
    ...(
      [
        [[3], [1], [2]],
        [
          [2, 3],
          [0, 1],
          [2, 0],
        ],
        [
          [2, 2, 3],
          [1, 0, 0],
          [0, 0, 2],
        ],
        [
          [2, 1, 2, 2],
          [0, 1, 0, 0],
          [1, 1, 0, 1],
        ],
        [
          [2, 1, 2, 1, 2],
          [1, 0, 0, 2, 0],
          [0, 0, 1, 0, 0],
        ],
        [
          [2, 1, 2, 1, 1, 2],
          [0, 1, 0, 0, 0, 1],
          [0, 0, 1, 0, 2, 0],
        ],
      ] as const
    ).map(([shape, before, after]) =>
      row(`(${shape.join()}) by ${before.join()} and ${after.join()}`, [shape], (x) =>
        g.pad(x, before, after),
      ),
    ),
    row('integers', [integers([2, 2])], (x) => g.pad(x, [1, 0], [0, 1])),
  ],
  concat: [
    row('(2) and (3)', [[2], [3]], (a, b) => g.concat([a, b], 0)),
    row(
      'rows',
      [
        [2, 3],
        [1, 3],
        [2, 3],
      ],
      (a, b, c) => g.concat([a, b, c], 0),
    ),
    row(
      'columns',
      [
        [2, 3],
        [2, 1],
      ],
      (a, b) => g.concat([a, b], 1),
    ),
    row(
      'middle',
      [
        [2, 1, 2],
        [2, 3, 2],
      ],
      (a, b) => g.concat([a, b], 1),
    ),
    row(
      'rank 4',
      [
        [1, 2, 2, 3],
        [1, 2, 1, 3],
      ],
      (a, b) => g.concat([a, b], 2),
    ),
    row(
      'rank 5',
      [
        [2, 1, 2, 1, 2],
        [2, 1, 2, 1, 1],
      ],
      (a, b) => g.concat([a, b], 4),
    ),
    row(
      'rank 6',
      [
        [2, 1, 2, 1, 2, 1],
        [2, 2, 2, 1, 2, 1],
      ],
      (a, b) => g.concat([a, b], 1),
    ),
    row('one tensor twice', [[2, 2]], (x) => g.concat([x, x], 1)),
    row('integers', [integers([2]), integers([3])], (a, b) => g.concat([a, b], 0)),
  ],
  gather: [
    row('rows of a matrix', [[4, 3], integers([5], 0, 4)], g.gather),
    row('numbers of a vector', [[4], integers([2, 3], 0, 4)], g.gather),
    row('boxes by one index', [[3, 2, 2], integers([], 0, 3)], g.gather),
    row('integers', [integers([5]), integers([3], 0, 5)], g.gather),
  ],
  gatherGradient: [
    row('rows that come several times', [[7, 3], integers([7], 0, 4)], (dy, i) =>
      g.gatherGradient(dy, i, 4),
    ),
    row('single numbers', [[2, 3], integers([2, 3], 0, 5)], (dy, i) => g.gatherGradient(dy, i, 5)),
  ].map(forwardOnly),
  cast: [
    row('integers to floats', [integers([5])], (x) => g.cast(x, 'float32')),
    row('flags to floats', [flags([2, 3])], (x) => g.cast(x, 'float32')),
    row('flags to integers', [flags([5])], (x) => g.cast(x, 'int32')),
    row('floats to integers, cut towards zero', [floats([8], -4, 4)], (x) => g.cast(x, 'int32')),
    row('integers to flags', [integers([8])], (x) => g.cast(g.cast(x, 'bool'), 'float32')),
  ],
  stopGradient: [
    row('floats', [[2, 3]], (x) => g.mul(g.stopGradient(x), g.stopGradient(x))),
    row('integers', [integers([3])], g.stopGradient),
  ],
  customVjp: [
    row('one function in two ways', [[2, 3]], (x) =>
      g.customVjp(g.stopGradient(g.mul(x, x)), g.mul(x, x)),
    ),
    row(
      'gradients of both',
      [
        [2, 3],
        [2, 3],
      ],
      (x, y) => g.customVjp(g.mul(x, y), g.exp(y)),
    ),
  ],
  remat: [
    row('of one tensor', [[2, 3]], (x) => g.remat(g.exp(g.mul(x, x)), x)),
    row(
      'of a tensor and of weights that are computed, too',
      [
        [2, 3],
        [3, 2],
      ],
      (x, w) => g.remat(g.gelu(g.matmul(x, g.exp(w))), x),
    ),
    row(
      'one after the other',
      [
        [2, 3],
        [2, 3],
      ],
      (x, w) => {
        const first = g.remat(g.mul(g.exp(x), w), x);
        return g.mul(first, g.remat(g.gelu(g.mul(first, g.slice(w, [0, 0], [1, 3]))), first));
      },
    ),
  ],
};
