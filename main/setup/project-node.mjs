import { OLDEST_WITH_TYPES, packagedNode } from '../platform/node-runtime.mjs';
import { SetupProblem } from './setup-problem.mjs';

/**
 * The Node that runs everything except the set-up: the packaged one, else the current one if it is
 * new enough.
 *
 * @param {string} root of the checkout, with its packages installed
 * @param {{ platform: string, version: string, execPath: string }} [running] this process
 * @returns {string} path of the binary
 * @throws {SetupProblem}
 */
export function projectNode(root, running = runningNode()) {
  const packaged = packagedNode(root, running.platform);
  if (packaged !== null) return packaged;
  if (Number.parseInt(running.version, 10) >= OLDEST_WITH_TYPES) return running.execPath;
  throw new SetupProblem(
    `No package carries a Node for ${running.platform}, and this is Node ${running.version}.`,
    `Install Node ${OLDEST_WITH_TYPES} or newer from https://nodejs.org and run the same command with it.`,
  );
}

function runningNode() {
  return {
    platform: `${process.platform}-${process.arch}`,
    version: process.versions.node,
    execPath: process.execPath,
  };
}
