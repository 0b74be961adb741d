/**
 * The first of `leaves`, `leaves 2`, `leaves 3` … that is not taken, ignoring case.
 *
 * @param joiner separator before the number
 */
export function freeName(wanted: string, taken: readonly string[], joiner = ' '): string {
  const known = new Set(taken.map((name) => name.toLocaleLowerCase()));
  let name = wanted;
  for (let number = 2; known.has(name.toLocaleLowerCase()); number++)
    name = `${wanted}${joiner}${number}`;
  return name;
}
