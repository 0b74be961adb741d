import * as g from '../../../main/graph/operations.ts';
import { floats, forwardOnly, row } from './row.ts';

/**
 * Rows of the operations specific to networks: normalisation, attention, sums of Kronecker
 * products.
 */
export const NETWORK_ROWS = {
  layerNorm: [
    row('rank 1', [[5], [5], [5]], (x, w, b) => g.layerNorm(x, w, b, 1e-6)),
    row('rank 2', [[3, 4], [4], [4]], (x, w, b) => g.layerNorm(x, w, b, 1e-6)),
    row('rank 3', [[2, 2, 3], [3], [3]], (x, w, b) => g.layerNorm(x, w, b, 1e-6)),
    row('large ε', [[3, 4], [4], [4]], (x, w, b) => g.layerNorm(x, w, b, 0.5)),
  ],
  layerNormGradient: [
    row('rank 2', [[3, 4], [4], [3, 4]], (x, w, dy) => g.layerNormGradient(x, w, dy, 1e-6)),
    row('large ε', [[2, 2, 3], [3], [2, 2, 3]], (x, w, dy) => g.layerNormGradient(x, w, dy, 0.5)),
  ].map(forwardOnly),
  packedAttention: [
    row('one head', [[2, 3, 3, 1, 4]], g.packedAttention),
    row('several heads', [[2, 4, 3, 2, 3]], g.packedAttention),
    row('one token', [[2, 1, 3, 2, 2]], g.packedAttention),
    row('large scores', [floats([1, 3, 3, 1, 4], -9, 9)], g.packedAttention),
  ],
  packedAttentionGradient: [
    row(
      'several heads',
      [
        [2, 4, 3, 2, 3],
        [2, 4, 2, 3],
      ],
      g.packedAttentionGradient,
    ),
  ].map(forwardOnly),
  attention: [
    row(
      'one head',
      [
        [2, 3, 1, 4],
        [2, 3, 1, 4],
        [2, 3, 1, 4],
      ],
      (q, k, v) => g.attention(q, k, v),
    ),
    row(
      'fewer queries than keys',
      [
        [2, 1, 2, 3],
        [2, 4, 2, 3],
        [2, 4, 2, 3],
      ],
      (q, k, v) => g.attention(q, k, v),
    ),
    row(
      'a scale of its own',
      [
        [1, 2, 1, 3],
        [1, 3, 1, 3],
        [1, 3, 1, 3],
      ],
      (q, k, v) => g.attention(q, k, v, { scale: 2 }),
    ),
    row(
      'a bias for each head',
      [
        [2, 2, 2, 3],
        [2, 3, 2, 3],
        [2, 3, 2, 3],
        [2, 2, 3],
      ],
      (q, k, v, bias) => g.attention(q, k, v, { bias }),
    ),
    row(
      'a bias of full size, large scores',
      [floats([2, 3, 1, 4], -9, 9), [2, 3, 1, 4], [2, 3, 1, 4], [2, 1, 3, 3]],
      (q, k, v, bias) => g.attention(q, k, v, { bias }),
    ),
    row('one tensor three times', [[2, 3, 2, 2]], (x) => g.attention(x, x, x)),
  ],
  attentionGradient: [
    row(
      'without a bias',
      [
        [2, 2, 2, 3],
        [2, 4, 2, 3],
        [2, 4, 2, 3],
        [2, 2, 2, 3],
      ],
      (q, k, v, dy) => g.attentionGradient([q, k, v], dy, 0.7),
    ),
    row(
      'with a bias',
      [
        [2, 2, 2, 3],
        [2, 4, 2, 3],
        [2, 4, 2, 3],
        [2, 2, 2, 3],
        [2, 2, 4],
      ],
      (q, k, v, dy, bias) => g.attentionGradient([q, k, v, bias], dy, 0.7),
    ),
  ].map(forwardOnly),
  addKronecker: [
    row(
      'one split',
      [
        [6, 10],
        [2, 3, 5],
        [2, 1, 2, 2],
      ],
      g.addKronecker,
    ),
    row(
      'three splits',
      [
        [12, 6],
        [3, 2, 2],
        [3, 3, 2, 3],
      ],
      g.addKronecker,
    ),
  ],
  kroneckerGradient: [
    row(
      'three splits',
      [
        [12, 6],
        [3, 2, 2],
        [3, 3, 2, 3],
      ],
      g.kroneckerGradient,
    ),
  ].map(forwardOnly),
  mix: [
    row(
      'two kernels',
      [
        [3, 4, 2, 3],
        [2, 5, 4],
      ],
      g.mix,
    ),
  ],
  mixGradient: [
    row(
      'two kernels',
      [
        [3, 5, 2, 3],
        [3, 4, 2, 3],
      ],
      g.mixGradient,
    ),
  ].map(forwardOnly),
} as const;
