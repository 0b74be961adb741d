import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../../main/platform/cache-folder.mjs';
import { runCommand } from '../../main/setup/command.mjs';
import { pythonCommand } from '../../main/setup/prerequisites.mjs';

const PEERS = fileURLToPath(new URL('peers/requirements.txt', import.meta.url));
/** Environment variable naming an interpreter that has the packages installed. */
const VARIABLE = 'KARST_BENCH_PYTHON';

/**
 * The interpreter of an environment with the peers' packages and those of another list. Created in
 * the cache once per list of packages; 7 GB on Linux.
 *
 * @returns its path
 */
export async function peersPython(
  say: (line: string) => void,
  more: readonly string[] = [],
): Promise<string> {
  const named = process.env[VARIABLE];
  if (named) return named;
  const lists = [PEERS, ...more];
  const hash = createHash('sha256');
  for (const list of lists) hash.update(readFileSync(list));
  const folder = join(cacheFolder(), 'bench', `python-${hash.digest('hex').slice(0, 12)}`);
  const interpreter = (root: string): string =>
    process.platform === 'win32'
      ? join(root, 'Scripts', 'python.exe')
      : join(root, 'bin', 'python');
  const complete = join(folder, 'complete');
  if (existsSync(complete)) return interpreter(folder);
  say(`Installing the PyTorch peers into ${folder}; once, some minutes and 7 GB …`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await must(pythonCommand(), ['-m', 'venv', folder]);
  await must(interpreter(folder), [
    ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'],
    ...lists.flatMap((list) => ['-r', list]),
  ]);
  mkdirSync(complete);
  return interpreter(folder);
}

async function must(command: string, args: readonly string[]): Promise<void> {
  const { code, output } = await runCommand(command, args);
  if (code !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${String(code)}:\n${output}`);
}
