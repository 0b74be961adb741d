/**
 * Stands in our own colour codes for the character that begins one, until the text reaches its stream: a noncharacter, which
 * no text that is exchanged has. What begins with the real one comes from a name or a file.
 */
const OWN_ESCAPE = '\ufdd0';

const OWN_CODE = new RegExp(`${OWN_ESCAPE}(?=\\[[0-9;]*m)`, 'g');
const OWN_CODES = new RegExp(`${OWN_ESCAPE}\\[[0-9;]*m`, 'g');

/** Controls of terminals, line breaks of any kind, and what turns the direction of writing. */
const CONTROLS = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

const SHORT: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

/**
 * One line of text without terminal control codes: names of files and classes may contain codes
 * that move the cursor, change the title or end the line. They are escaped. Our own colours stay.
 */
export function printable(text: string): string {
  return text.replace(CONTROLS, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const hex = code.toString(16);
    return (
      SHORT.get(character) ??
      (code < 0x100 ? `\\x${hex.padStart(2, '0')}` : `\\u${hex.padStart(4, '0')}`)
    );
  });
}

/** Marks the colour codes in `text` as ours. @param text what `styleText` made of printable text */
export function ownColours(text: string): string {
  return text.replaceAll('\u001b', OWN_ESCAPE);
}

export function withoutColours(text: string): string {
  return text.replace(OWN_CODES, '');
}

/** One line for the stream that its colours were made for. */
export function forTerminal(text: string): string {
  return printable(text).replace(OWN_CODE, '\u001b');
}
