import { KarstError } from '../../../shared/domain/errors.ts';

/** @param sentence without its end */
export function unsupportedPreprocessing(path: string, sentence: string): KarstError {
  return new KarstError('format-unsupported', `${path}: ${sentence}.`, {
    hint: 'Correct the file, or remove it to use the defaults.',
    path,
  });
}
