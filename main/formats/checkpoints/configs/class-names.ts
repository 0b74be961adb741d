import { configFault } from './json.ts';

const LONGEST = 1000;

/**
 * Names of classes in the order of a head's outputs. Space around them comes off, and equal ones get
 * their number behind, as ImageNet has two kinds of crane.
 * @param key of the configuration that has them
 * @throws format-unsupported naming the class without a name that can be shown
 */
export function classNames(given: readonly string[], key: string, path: string): readonly string[] {
  const names = given.map((name) => name.trim().normalize('NFC'));
  const times = new Map<string, number>();
  names.forEach((name, id) => {
    const fault =
      name === ''
        ? 'is empty'
        : name.length > LONGEST
          ? `is longer than ${LONGEST} characters`
          : /\p{Cc}/u.test(name)
            ? 'holds a control character'
            : null;
    if (fault !== null)
      throw configFault(path, `in "${key}", the name of the class ${String(id)} ${fault}.`);
    times.set(name, (times.get(name) ?? 0) + 1);
  });
  const apart = names.map((name, id) => (times.get(name) === 1 ? name : `${name} (${String(id)})`));
  // A number behind can make a name equal to another that had it already.
  return times.size === names.length ? apart : classNames(apart, key, path);
}

/**
 * Names under the numbers of their classes, as JSON has them; undefined for a number without one.
 * @throws format-unsupported naming the entry that is no class
 */
export function namesByNumber(
  given: Readonly<Record<string, unknown>>,
  key: string,
  path: string,
): readonly (string | undefined)[] {
  const names: (string | undefined)[] = [];
  for (const [id, name] of Object.entries(given)) {
    if (!/^\d{1,6}$/.test(id) || typeof name !== 'string')
      throw configFault(path, `"${key}" has the entry ${JSON.stringify(id)}, which is no class.`);
    names[Number(id)] = name;
  }
  return Array.from(names);
}

/** Whether they are what transformers calls classes without names, there or in timm's wrapper. */
export function arePlaceholders(names: readonly unknown[]): boolean {
  return names.every((name, id) => name === `LABEL_${String(id)}`);
}
