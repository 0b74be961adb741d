import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';

/** Whether a file of that name exists; reading errors are reported when it is read. */
export async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/**
 * Resolves a path of a list or table against `root`. A backslash separates folders, as on Windows,
 * unless a file has one in its name.
 */
export async function namedFile(root: string, name: string): Promise<string> {
  const path = resolve(root, name);
  if (!name.includes('\\') || (await isThere(path))) return path;
  return resolve(root, name.replaceAll('\\', '/'));
}
