import { headTensors } from '../models/head.ts';
import { modelSpec, type Architecture } from '../models/registry.ts';
import { totalSize, type ModelSpec, type TensorSpec } from '../models/spec.ts';
import { methodSpec, type Tuning } from './registry.ts';

/** What a method trains on a model, beside the head: tensors of the backbone, and those that it adds. */
export function trainedTensors(model: ModelSpec, { method, options }: Tuning): TensorSpec[] {
  const spec = methodSpec(method);
  return [
    ...model.tensors.filter((tensor) => spec.trainsInPlace(tensor)),
    ...spec.added(model, options),
  ];
}

/**
 * Number of trained parameters: without the head, and in the head.
 * @param architecture at the image size
 */
export function trainedParameters(
  architecture: Architecture,
  tuning: Tuning,
  classes: number,
): { readonly adapter: number; readonly head: number } {
  const model = modelSpec(architecture);
  return {
    adapter: totalSize(trainedTensors(model, tuning)),
    head: totalSize(headTensors(model.width, classes)),
  };
}
