import { KarstError } from '../../../shared/domain/errors.ts';

const LONGEST = 200;

/** The name of a class as it is stored. @throws usage */
export function checkClassName(name: string): string {
  const tidy = name.trim().normalize('NFC');
  const refuse = (why: string): KarstError =>
    new KarstError('usage', `"${name}" cannot be the name of a class: ${why}.`, {
      hint: 'Choose another name.',
    });
  if (tidy === '') throw refuse('it is empty');
  if (tidy.length > LONGEST) throw refuse(`it is longer than ${LONGEST} characters`);
  if (/[\p{Cc}\u2028\u2029]/u.test(tidy)) throw refuse('it contains a control character');
  return tidy;
}
