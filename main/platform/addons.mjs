import { join } from 'node:path';

/** The package that provides TensorFlow's addon, relative to the checkout. */
export const PACKAGE = join('node_modules', '@tensorflow', 'tfjs-node-gpu');

/** Build folder of the addons, relative to the checkout or the application. */
export const BUILT = join('build', 'Release');

/**
 * The TensorFlow libraries that the addons load, relative to the checkout or the application:
 * `lib/`, for CUDA `nvidia/` beside it, and in a checkout, where it is a link, `include/`. A single
 * link preserves the relative paths between the libraries.
 */
export const RUNTIME = join('build', 'tensorflow');

/** TensorFlow's addon. On Windows the package's own installer places it beside its library. */
export const BINDING =
  process.platform === 'win32'
    ? join(PACKAGE, 'lib', 'napi-v8', 'tfjs_binding.node')
    : join(BUILT, 'tfjs_binding.node');

/** The addon that resizes images (main/native-ops/pixels); independent of TensorFlow. */
export const PIXELS = join(BUILT, 'karst_pixels.node');

/**
 * @param {import('./kernels.mjs').Isa} isa
 * @returns {string} path of the addon with our kernels (main/native-ops/kernels) for this ISA
 */
export function kernelsAddon(isa) {
  return join(BUILT, `karst_kernels_${isa}.node`);
}
