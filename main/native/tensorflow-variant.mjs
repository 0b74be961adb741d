import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** @import { Variant } from './tensorflow-releases.mjs' */

/** @param {string} root of the checkout */
function choiceFile(root) {
  return join(root, 'node_modules', '.karst', 'tensorflow-variant');
}

/**
 * Which TensorFlow this checkout was set up with: `gpu` is the one with CUDA.
 *
 * @param {string} root of the checkout
 * @returns {Variant}
 */
export function chosenVariant(root) {
  const file = choiceFile(root);
  return existsSync(file) && readFileSync(file, 'utf8') === 'gpu' ? 'gpu' : 'cpu';
}

/**
 * @param {string} root of the checkout
 * @param {Variant} variant
 */
export function chooseVariant(root, variant) {
  mkdirSync(join(root, 'node_modules', '.karst'), { recursive: true });
  writeFileSync(choiceFile(root), variant);
}
