import { mkdir, open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesInWords } from '../../../shared/domain/bytes-in-words.ts';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import { reasonOf } from '../../formats/files.ts';
import { xlaCacheOf } from '../../platform/engine-environment.mjs';

/**
 * Bytes that must be free on disk: a compiled program takes some megabytes, and a run compiles a
 * handful.
 */
const COMPILE_RESERVE = 256 * 2 ** 20;

/**
 * Disables XLA's persistent cache if it is not writable, because XLA fails any compilation that it
 * cannot store. Must run before TensorFlow is loaded, which reads the variable once. Flags set by
 * the user are not changed.
 *
 * @returns why the cache is off; null if it is usable or not configured
 */
export async function giveUpUnusableCache(
  environment: Record<string, string | undefined> = process.env,
): Promise<ErrorReport | null> {
  const folder = xlaCacheOf(environment['TF_XLA_FLAGS']);
  if (folder === null) return null;
  const reason = await whyUnusable(folder);
  if (reason === null) return null;
  delete environment['TF_XLA_FLAGS'];
  return {
    code: 'not-writable',
    message: `Compiled programs are not cached in ${folder}: ${reason}.`,
    hint: 'The job continues and compiles again. Free some space there, or set KARST_CACHE to a folder on another disk.',
    path: folder,
  };
}

async function whyUnusable(folder: string): Promise<string | null> {
  const probe = join(folder, `.probe-${String(process.pid)}`);
  try {
    await mkdir(folder, { recursive: true });
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize < COMPILE_RESERVE)
      return `its disk has ${bytesInWords(bavail * bsize)} left, and ${bytesInWords(COMPILE_RESERVE)} are needed`;
    const handle = await open(probe, 'w');
    await handle.close();
    await rm(probe);
    return null;
  } catch (error) {
    return reasonOf(error);
  }
}
