import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** Signals that ask a program to end. @type {readonly NodeJS.Signals[]} */
export const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs a program in place of this one: it shares the terminal and receives the signals.
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
      // From here on the program answers them: a set-up's own answer would end this process first.
      process.removeAllListeners(signal);
      process.on(signal, () => {
        // A terminal sends Ctrl-C to the child as well; a second one would force an immediate exit.
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
 * Ends this process with another's exit code or signal.
 *
 * @param {number | NodeJS.Signals} end exit code or signal
 */
export function endLike(end) {
  if (typeof end === 'number') process.exitCode = end;
  // Ending by the same signal lets shell scripts see the cause; Windows has no signals.
  else if (process.platform === 'win32') process.exitCode = 128 + constants.signals[end];
  else process.kill(process.pid, end);
}
