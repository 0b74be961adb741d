import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';

/** Whether a file of that name can be found; what keeps it from being read is told when it is. */
export async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/**
 * Where a file lies that a list or table names, from `root`. A backslash separates folders, as Windows writes them,
 * where no file has one in its name.
 */
export async function namedFile(root: string, name: string): Promise<string> {
  const path = resolve(root, name);
  if (!name.includes('\\') || (await isThere(path))) return path;
  return resolve(root, name.replaceAll('\\', '/'));
}
