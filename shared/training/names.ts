/** Names that settings and their groups had in earlier versions. */
const FORMER_NAMES: Readonly<Record<string, string>> = {
  optimiser: 'optimizer',
  colourJitter: 'colorJitter',
  recompute: 'gradientCheckpointing',
};

/** The dotted name with every part as it is called now. */
export function currentName(name: string): string {
  return name
    .split('.')
    .map((part) => (Object.hasOwn(FORMER_NAMES, part) ? FORMER_NAMES[part]! : part))
    .join('.');
}

/** An object of settings with its keys, and those of the groups in it, as they are called now. */
export function withCurrentNames(settings: object): Readonly<Record<string, unknown>> {
  const renamed = (tree: object): [string, unknown][] =>
    Object.entries(tree).map(([name, value]: [string, unknown]) => [currentName(name), value]);
  return Object.fromEntries(
    renamed(settings).map(([name, value]) => [
      name,
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(renamed(value))
        : value,
    ]),
  );
}
