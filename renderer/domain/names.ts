/** Last part of a path of any platform, without the extension of a list file. */
export function nameOfPath(path: string): string {
  const last =
    path
      .split(/[/\\]/)
      .filter((part) => part !== '')
      .at(-1) ?? '';
  return last.replace(/\.(csv|jsonl|json|txt)$/i, '');
}

/** `leaves`, or `leaves 2` and so on if the name is taken. */
export function freeName(wanted: string, taken: readonly string[]): string {
  const known = new Set(taken.map((name) => name.toLocaleLowerCase()));
  let name = wanted;
  for (let number = 2; known.has(name.toLocaleLowerCase()); number++) name = `${wanted} ${number}`;
  return name;
}
