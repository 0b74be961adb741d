import { join } from 'node:path';

/** The package of TensorFlow's addon, relative to the checkout. */
export const PACKAGE = join('node_modules', '@tensorflow', 'tfjs-node-gpu');

const FOLDER = join('lib', 'napi-v8');

/** TensorFlow's addon, relative to its package. */
export const BINDING = join(FOLDER, 'tfjs_binding.node');

/**
 * Where the addon that resizes images (main/engine/pixels) lies, relative to the checkout. It needs nothing of TensorFlow, but its
 * package is the folder for what the set-up builds, and the packaging takes it along.
 */
export const PIXELS = join(PACKAGE, FOLDER, 'karst_pixels.node');

/**
 * @param {import('./kernels.mjs').KernelLevel} level
 * @returns {string} the addon with the engine's own kernels (main/engine/kernels), relative to the package of TensorFlow's addon
 */
export function kernelsAddon(level) {
  return join(FOLDER, `karst_kernels_${level}.node`);
}
