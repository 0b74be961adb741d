import { join } from 'node:path';

/**
 * Where the addon that resizes images (main/engine/pixels) lies, relative to the checkout. It needs nothing of TensorFlow, but its
 * package is the folder for what the set-up builds, and the packaging takes it along.
 */
export const PIXELS = join(
  ...['node_modules', '@tensorflow', 'tfjs-node-gpu'],
  ...['lib', 'napi-v8', 'karst_pixels.node'],
);
