import { spawn, spawnSync } from 'node:child_process';
import { SetupProblem } from './setup-problem.mjs';

/**
 * Runs a command to its end and collects what it prints. When this process ends first, so does the command.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, group?: boolean, onLine?: (line: string) => void }} [options]
 *   `onLine` gets each line of standard output as it comes; `group`: what the command has started ends with it, too (not on Windows)
 * @returns {Promise<{ code: number | null, signal: NodeJS.Signals | null, output: string }>} `output` holds
 *   the last 64 kB of both streams
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
      // npm is a .cmd file on Windows, which only its command interpreter starts.
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

/** @param {number} pid of its first process */
function killGroup(pid) {
  try {
    process.kill(-pid);
  } catch (error) {
    // It has ended by itself.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
  }
}

/**
 * First line that a command prints, or null when it is missing or fails.
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
 * The last lines of what a command printed, for an error's sentence.
 *
 * @param {string} output
 * @param {number} [lines]
 */
export function lastLines(output, lines = 12) {
  return output.trimEnd().split('\n').slice(-lines).join('\n');
}
