import { join } from 'node:path';

/**
 * Where the addon that resizes images (main/engine/pixels) lies, relative to the package of TensorFlow's addon: it needs nothing
 * of it, but this is the folder for what the set-up builds, and the packaging takes it along.
 */
export const PIXELS = join('lib', 'napi-v8', 'karst_pixels.node');
