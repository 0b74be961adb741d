/** A mistake in building a graph: always a fault of the program, never of the user's data. */
export class GraphError extends Error {
  override readonly name = 'GraphError';
}
