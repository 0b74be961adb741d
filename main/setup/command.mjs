import { spawn, spawnSync } from 'node:child_process';
import { SetupProblem } from './setup-problem.mjs';

/**
 * Runs a command and collects its output. The command is stopped when this process exits first.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, group?: boolean, onLine?: (line: string) => void }} [options]
 *   `onLine` receives each line of standard output; `group` also stops its child processes
 *   (not on Windows)
 * @returns {Promise<{ code: number | null, signal: NodeJS.Signals | null, output: string }>}
 *   `output` holds the last 64 kB of both streams
 * @throws {SetupProblem} when the command cannot be started
 */
export function runCommand(command, args, options = {}) {
  const detached = options.group === true && process.platform !== 'win32';
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      detached,
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      // npm is a .cmd file on Windows, which only the command interpreter can start.
      shell: process.platform === 'win32' && command.endsWith('.cmd'),
    });
    const stop = () => {
      if (detached && child.pid !== undefined) killGroup(child.pid);
      else child.kill();
    };
    process.once('exit', stop);
    let output = '';
    let rest = '';
    /** @param {string} text */
    const keep = (text) => {
      output = (output + text).slice(-65_536);
    };
    child.stdout.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      keep(text);
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) options.onLine?.(line);
    });
    child.stderr.setEncoding('utf8').on('data', keep);
    child.on('error', (error) => {
      process.off('exit', stop);
      const reason = `${command} could not be started: ${error.message}.`;
      reject(new SetupProblem(reason, `Check that ${command} is installed and on PATH.`, error));
    });
    child.on('close', (code, signal) => {
      process.off('exit', stop);
      resolve({ code, signal, output });
    });
  });
}

/** @param {number} pid of the group's leader */
function killGroup(pid) {
  try {
    process.kill(-pid);
  } catch (error) {
    // The group has already ended.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
  }
}

/**
 * First line of a command's output, or null when the command is missing or fails.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {string | null}
 */
export function firstLineOf(command, args) {
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    shell: process.platform === 'win32' && command.endsWith('.cmd'),
  });
  if (result.error || result.status !== 0) return null;
  return (result.stdout || result.stderr).split('\n')[0]?.trim() ?? '';
}

/**
 * The last lines of a command's output, for error messages.
 *
 * @param {string} output
 * @param {number} [lines]
 */
export function lastLines(output, lines = 12) {
  return output.trimEnd().split('\n').slice(-lines).join('\n');
}
