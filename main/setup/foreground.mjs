import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** The signals by which a program is asked to end. @type {readonly NodeJS.Signals[]} */
export const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs a program as if it had been started instead of this one: same terminal, same signals, same end.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [environment]
 * @returns {Promise<number | NodeJS.Signals>} its exit code, or the signal that ended it
 */
export function runInForeground(program, args, environment = process.env) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit', env: environment });
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        // A terminal sends Ctrl-C to the child as well, where a second one would mean "at once".
        if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
      });
    }
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      for (const name of SIGNALS) process.removeAllListeners(name);
      resolve(signal ?? code ?? 1);
    });
  });
}

/**
 * Ends this process as another one ended.
 *
 * @param {number | NodeJS.Signals} end exit code or signal
 */
export function endLike(end) {
  if (typeof end === 'number') process.exitCode = end;
  // Ending by the same signal tells a shell script what happened; Windows has no such thing.
  else if (process.platform === 'win32') process.exitCode = 128 + constants.signals[end];
  else process.kill(process.pid, end);
}
