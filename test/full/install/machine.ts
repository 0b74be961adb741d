import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The user of the installed studio. */
const USER = 'karst-tester';
export const HOME = `/home/${USER}`;
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Sets up the machine as its init process: `$1` is its folder, `$2` the hidden paths, one per line,
 * `$3` the programs to mask. Everything in it ends with this process, which exits when its standard
 * input is closed.
 */
const MAKE = `
set -eu
mount -t overlay -o "lowerdir=/,upperdir=$1/changes,workdir=$1/work,volatile" overlay "$1/root"
cd "$1/root"
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t tmpfs -o mode=755 tmpfs run
mount --bind "$1/home" home
echo "$2" | while read -r path; do mount -t tmpfs -o mode=000 tmpfs ".$path"; done
echo "$3" | while read -r path; do if [ -n "$path" ]; then mount --bind /dev/null ".$path"; fi; done
mount -t tmpfs -o mode=1777 tmpfs tmp
mkdir -m 1777 tmp/.X11-unix
mount --rbind /tmp/.X11-unix tmp/.X11-unix
pivot_root . .
umount -l .
echo made
while read -r line; do :; done
`;

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A copy of this machine without the checkout: an overlay of its file system that captures all
 * changes, with separate processes, temporary folders and homes. The display and the network are
 * shared. The host system is never modified.
 */
export class Machine {
  readonly folder: string;
  readonly userName = USER;
  readonly #first: ChildProcess;
  readonly #pid: number;
  readonly #user: number;

  private constructor(folder: string, first: ChildProcess, pid: number) {
    this.folder = folder;
    this.#first = first;
    this.#pid = pid;
    this.must(['useradd', '--create-home', '--user-group', '--shell', '/bin/sh', USER]);
    this.#user = Number(this.must(['id', '-u', USER]));
  }

  /**
   * @param hidden folders whose contents are hidden
   * @param without commands that are masked
   * @throws with the system's message if it does not permit the machine
   */
  static async make(hidden: readonly string[], without: readonly string[]): Promise<Machine> {
    const folder = mkdtempSync(join(tmpdir(), 'karst-machine-'));
    for (const name of ['changes', 'work', 'root', 'home']) mkdirSync(join(folder, name));
    const paths = hidden.filter((path) => existsSync(path)).map((path) => realpathSync(path));
    const first = spawn(
      'unshare',
      [
        ...['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private'],
        ...['sh', '-c', MAKE, 'sh', folder, paths.join('\n'), placesOf(without).join('\n')],
      ],
      { stdio: 'pipe' },
    );
    let said = '';
    first.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    const [word] = (await Promise.race([
      once(first.stdout.setEncoding('utf8'), 'data'),
      once(first, 'close'),
    ])) as unknown[];
    if (word !== 'made\n') {
      rmSync(folder, { recursive: true });
      throw new Error(`No machine within this one can be made, which takes root: ${said.trim()}`);
    }
    const children = `/proc/${String(first.pid)}/task/${String(first.pid)}/children`;
    return new Machine(folder, first, Number(readFileSync(children, 'utf8')));
  }

  /**
   * Command line that runs a command inside: as root or the user, in their home, with a clean
   * environment.
   */
  words(command: readonly string[], who: 'root' | 'user' = 'root'): string[] {
    const enter = ['nsenter', `--target=${String(this.#pid)}`, '--mount', '--pid'];
    const [name, home, id] = who === 'root' ? ['root', '/root', 0] : [USER, HOME, this.#user];
    const become = [`--reuid=${String(id)}`, `--regid=${String(id)}`, '--init-groups'];
    const environment = [
      ...[`HOME=${home}`, `USER=${name}`, `LOGNAME=${name}`, `PATH=${PATH}`, 'LANG=C.UTF-8'],
      ...[`DISPLAY=${process.env['DISPLAY'] ?? ''}`, 'DEBIAN_FRONTEND=noninteractive'],
    ];
    const start = ['sh', '-c', 'cd && exec "$@"', 'sh'];
    return [...enter, 'setpriv', ...become, 'env', '-i', ...environment, ...start, ...command];
  }

  run(command: readonly string[], who: 'root' | 'user' = 'root'): Ran {
    const [program = '', ...args] = this.words(command, who);
    return spawnSync(program, args, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  }

  /** Returns the output. @throws if the command fails */
  must(command: readonly string[], who: 'root' | 'user' = 'root'): string {
    const { status, stdout, stderr } = this.run(command, who);
    if (status === 0) return stdout.trim();
    throw new Error(`${command.join(' ')} ended with ${String(status)}: ${stdout}${stderr}`);
  }

  /**
   * A program on the outside that runs a command as the user inside and appends its own arguments.
   */
  program(name: string, command: readonly string[]): string {
    const path = join(this.folder, name);
    const quoted = this.words(command, 'user').map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
    writeFileSync(path, `#!/bin/sh\nexec ${quoted.join(' ')} "$@"\n`, { mode: 0o755 });
    return path;
  }

  /** Outside path of a file in a home. */
  outside(path: string): string {
    return join(this.folder, path);
  }

  /**
   * Process ids, as seen from outside, of the user's processes; the user id is unique on this
   * machine.
   */
  processes(): number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && belongsTo(name, this.#user))
      .map(Number);
  }

  /** Paths outside of homes that did not exist before the machine was made. */
  added(): string[] {
    const changes = join(this.folder, 'changes');
    return readdirSync(changes, { encoding: 'utf8', recursive: true })
      .map((path) => `/${path}`)
      .filter((path) => lstatSync(path, { throwIfNoEntry: false }) === undefined)
      .sort();
  }

  /** Removed system paths. The overlay records them as character devices with number 0/0. */
  lost(): string[] {
    const changes = join(this.folder, 'changes');
    return readdirSync(changes, { encoding: 'utf8', recursive: true })
      .filter((path) => {
        const found = lstatSync(join(changes, path));
        return found.isCharacterDevice() && found.rdev === 0;
      })
      .map((path) => `/${path}`);
  }

  /** Kills everything inside and removes the machine. */
  async remove(): Promise<void> {
    const ended = this.#first.exitCode === null ? once(this.#first, 'close') : null;
    this.#first.stdin?.end();
    this.#first.kill('SIGKILL');
    await ended;
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
  }
}

/** Paths of commands on PATH, with links resolved. */
function placesOf(commands: readonly string[]): string[] {
  const files = commands
    .flatMap((command) => PATH.split(':').map((folder) => join(folder, command)))
    .filter((path) => existsSync(path))
    .map((path) => realpathSync(path));
  return [...new Set(files)];
}

/** Whether a process is alive and belongs to this user. */
function belongsTo(pid: string, user: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return !/^State:\s+Z/m.test(status) && Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]) === user;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ESRCH') throw error;
    return false;
  }
}
