/** A mistake in graph construction: always a bug in the program, never caused by user data. */
export class GraphError extends Error {
  override readonly name = 'GraphError';
}
