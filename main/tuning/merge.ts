import { GraphError } from '../graph/graph-error.ts';
import type { Tuner } from './tuner.ts';
import type { Tensors } from './method.ts';

/**
 * Every tensor of the merged model by canonical name: those of the backbone with what was trained in their place, the
 * adapter's head, and on them what the method adds, in float64.
 * @throws GraphError when no tensors of the backbone can hold the method
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
