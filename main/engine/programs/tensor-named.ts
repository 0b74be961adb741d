import { GraphError } from '../../graph/graph-error.ts';

/** What is there under the name of a tensor. @throws GraphError naming it where nothing is */
export function tensorNamed<T>(tensors: ReadonlyMap<string, T>, name: string): T {
  const found = tensors.get(name);
  if (found === undefined) throw new GraphError(`tensor "${name}" is missing`);
  return found;
}
