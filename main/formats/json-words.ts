/**
 * A value out of somebody's JSON, for a sentence. Objects and lists are named and not written out: they may nest without end,
 * or have keys (`toString`) that make a text of them impossible.
 */
export function inWords(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'object':
      return value === null ? 'null' : 'an object';
    case 'string':
      return `"${value.replaceAll(/\p{Cc}/gu, '?').slice(0, 100)}"`;
    case 'number':
    case 'boolean':
      return String(value);
    default:
      return 'missing';
  }
}
