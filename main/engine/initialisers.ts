import type { Initialiser, TensorSpec } from '../../shared/models/spec.ts';
import { sizeOf } from '../graph/tensor.ts';
import { randomStream, type RandomStream } from './random.ts';

/** An initial tensor, a function of (seed, name) only. */
export function initialTensor(
  { name, shape, init }: Pick<TensorSpec, 'name' | 'shape' | 'init'>,
  seed: number,
): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  if (init.kind === 'constant') return values.fill(init.value);
  const stream = randomStream(seed, 'initialise', name);
  for (let i = 0; i < values.length; i++) values[i] = draw(init, stream);
  return values;
}

function draw(init: Exclude<Initialiser, { kind: 'constant' }>, stream: RandomStream): number {
  switch (init.kind) {
    case 'uniform':
      return (2 * stream.uniform() - 1) * init.bound;
    case 'normal':
      return stream.normal() * init.deviation;
    case 'truncated-normal': {
      let z = stream.normal();
      while (Math.abs(z) > 2) z = stream.normal();
      return z * init.deviation;
    }
  }
}
