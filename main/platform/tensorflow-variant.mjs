import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {'cpu' | 'gpu'} Variant which TensorFlow: `gpu` is the one with CUDA */

/**
 * @param {string} root of the checkout
 * @returns {string} the file that says which was chosen
 */
export function choiceFile(root) {
  return join(root, 'node_modules', '.karst', 'tensorflow-variant');
}

/**
 * Which TensorFlow this checkout was set up with.
 *
 * @param {string} root of the checkout
 * @returns {Variant}
 */
export function chosenVariant(root) {
  const file = choiceFile(root);
  return existsSync(file) && readFileSync(file, 'utf8') === 'gpu' ? 'gpu' : 'cpu';
}
