import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {'cpu' | 'gpu'} Variant the TensorFlow build; `gpu` includes CUDA */

/**
 * @param {string} root root of the checkout
 * @returns {string} path of the file that stores the chosen variant
 */
export function choiceFile(root) {
  return join(root, 'node_modules', '.karst', 'tensorflow-variant');
}

/**
 * The TensorFlow variant this checkout was set up with.
 *
 * @param {string} root root of the checkout
 * @returns {Variant}
 */
export function chosenVariant(root) {
  const file = choiceFile(root);
  return existsSync(file) && readFileSync(file, 'utf8') === 'gpu' ? 'gpu' : 'cpu';
}
