import type { TensorSpec } from './spec.ts';

/** The linear classifier on the features of a network: `weight` (classes, width), `bias` (classes). */
export function headTensors(width: number, classes: number): TensorSpec[] {
  return [
    {
      name: 'head.weight',
      shape: [classes, width],
      role: 'head',
      init: { kind: 'truncated-normal', deviation: 0.02 },
    },
    { name: 'head.bias', shape: [classes], role: 'head', init: { kind: 'constant', value: 0 } },
  ];
}
