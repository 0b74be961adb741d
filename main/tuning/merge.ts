import { GraphError } from '../graph/graph-error.ts';
import type { Tuner } from './tuner.ts';
import type { Tensors } from './method.ts';

/**
 * Returns all tensors of the merged model by canonical name: the backbone's, replaced by those
 * trained in place, plus the adapter's head, with the method's delta added in float64.
 * @throws GraphError if the method cannot be expressed in the backbone's tensors
 */
export function mergedTensors(
  tuner: Tuner,
  adapter: Tensors,
  backbone: Tensors,
): Map<string, Float32Array | Float64Array> {
  if (tuner.delta === null) throw new GraphError(`the method ${tuner.spec.name} cannot be merged`);
  const own = new Set(tuner.added.map(({ name }) => name));
  const stored = new Map(backbone);
  for (const [name, values] of adapter) if (!own.has(name)) stored.set(name, values);
  const merged = new Map<string, Float32Array | Float64Array>(stored);
  for (const [name, difference] of tuner.delta(adapter, stored)) {
    stored.get(name)?.forEach((value, i) => (difference[i]! += value));
    merged.set(name, difference);
  }
  return merged;
}
