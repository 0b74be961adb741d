import type { Initialiser, TensorSpec } from '../../shared/models/spec.ts';
import { sizeOf } from '../graph/tensor.ts';
import { randomStream, type RandomStream } from './random.ts';

/**
 * An initial tensor, a function of the seed, its name and, where its values are derived from the
 * backbone's, of these.
 * @throws RangeError if the tensor that its values are derived from is not in `backbone`
 */
export function initialTensor(
  { name, shape, init }: Pick<TensorSpec, 'name' | 'shape' | 'init'>,
  seed: number,
  backbone: ReadonlyMap<string, Float32Array> = new Map(),
): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  if (init.kind === 'constant') return values.fill(init.value);
  if (init.kind === 'row-norms') {
    const matrix = backbone.get(init.of);
    if (matrix === undefined) throw new RangeError(`"${name}" starts from "${init.of}"`);
    const columns = matrix.length / values.length;
    return values.map((_, row) =>
      Math.sqrt(
        matrix
          .subarray(row * columns, (row + 1) * columns)
          .reduce((sum, value) => sum + value ** 2, 0),
      ),
    );
  }
  const stream = randomStream(seed, 'initialise', name);
  for (let i = 0; i < values.length; i++) values[i] = draw(init, stream);
  return values;
}

type Drawn = Exclude<Initialiser, { kind: 'constant' | 'row-norms' }>;

function draw(init: Drawn, stream: RandomStream): number {
  switch (init.kind) {
    case 'uniform':
      return (2 * stream.uniform() - 1) * init.bound;
    case 'normal':
      return (init.mean ?? 0) + stream.normal() * init.deviation;
    case 'truncated-normal': {
      let z = stream.normal();
      while (Math.abs(z) > 2) z = stream.normal();
      return z * init.deviation;
    }
  }
}
