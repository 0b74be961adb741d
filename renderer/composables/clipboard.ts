import { KarstError } from '../../shared/domain/errors.ts';

/** @throws KarstError when writing to the clipboard is not permitted */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch (cause) {
    throw new KarstError('not-available', 'The clipboard could not be written to.', {
      hint: 'Select the text and copy it by the keyboard.',
      cause,
    });
  }
}
