/** Former names of settings and their groups. */
const FORMER_NAMES: Readonly<Record<string, string>> = {
  optimiser: 'optimizer',
  colourJitter: 'colorJitter',
  initialise: 'initialize',
  recompute: 'gradientCheckpointing',
};

/** The dotted name with every part under its present name. */
export function currentName(name: string): string {
  return name
    .split('.')
    .map((part) => (Object.hasOwn(FORMER_NAMES, part) ? FORMER_NAMES[part]! : part))
    .join('.');
}

type Tree = Readonly<Record<string, unknown>>;

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** With its keys, and those of the groups in it, as they are called now. */
function withCurrentNames(settings: object): Tree {
  const renamed = (tree: object): [string, unknown][] =>
    Object.entries(tree).map(([name, value]: [string, unknown]) => [currentName(name), value]);
  return Object.fromEntries(
    renamed(settings).map(([name, value]) => [
      name,
      isTree(value) ? Object.fromEntries(renamed(value)) : value,
    ]),
  );
}

/**
 * An object of settings as their dotted names have them: a run's `tuning` becomes `method` and a group of that name, as
 * earlier versions stored it. What is in neither form stays.
 */
export function flatSettings(settings: object): Tree {
  const { tuning, ...rest } = withCurrentNames(settings);
  if (tuning === undefined) return rest;
  if (!isTree(tuning) || typeof tuning['method'] !== 'string') return { ...rest, tuning };
  const { method, options = {}, ...unknown } = tuning as Tree & { readonly method: string };
  const others = Object.keys(unknown).length === 0 ? {} : { tuning: unknown };
  return { ...rest, ...others, method, [method]: options };
}
