import { join } from 'node:path';

/** The package of TensorFlow's addon, relative to the checkout. */
export const PACKAGE = join('node_modules', '@tensorflow', 'tfjs-node-gpu');

/** Where the set-up builds the addons, relative to the checkout or the application. */
export const BUILT = join('build', 'Release');

/**
 * The TensorFlow that they load, relative to the checkout or the application: `lib/`, for CUDA `nvidia/` beside it, and in a
 * checkout, where it is a link, `include/`. Going through one link keeps the relative places that the libraries rely on.
 */
export const RUNTIME = join('build', 'tensorflow');

/** TensorFlow's addon. On Windows its package's own installer has put it beside the library that it loads. */
export const BINDING =
  process.platform === 'win32'
    ? join(PACKAGE, 'lib', 'napi-v8', 'tfjs_binding.node')
    : join(BUILT, 'tfjs_binding.node');

/** The addon that resizes images (main/native-ops/pixels); it needs nothing of TensorFlow. */
export const PIXELS = join(BUILT, 'karst_pixels.node');

/**
 * @param {import('./kernels.mjs').Isa} isa
 * @returns {string} the addon with the engine's own kernels (main/native-ops/kernels)
 */
export function kernelsAddon(isa) {
  return join(BUILT, `karst_kernels_${isa}.node`);
}
