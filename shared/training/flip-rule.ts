/**
 * Whether images may be mirrored, by the names of their classes. Doubt means no: without flips a
 * model learns a little less, with wrong ones it learns that a left shoe is a right one.
 */

/** What a class name holds that a mirror image would change. */
export const FLIP_OBJECTIONS = ['digits', 'letters', 'sides'] as const;
export type FlipObjection = (typeof FLIP_OBJECTIONS)[number];

const NUMBER = /^\p{Nd}+$/u;
/** A lone letter. A single Han character or Hangul syllable is usually a word. */
const LETTER = /^(?![\p{Script=Han}\p{Script=Hangul}])\p{L}\p{M}*$/u;
const WORD = /\p{L}+/gu;
/** "LeftShoe" is two words. */
const CAMEL = /(\p{Ll})(\p{Lu})/gu;

const SIDES = new Set([
  ...['left', 'right', 'lefthand', 'righthand', 'leftward', 'rightward', 'leftwards', 'rightwards'],
  ...['clockwise', 'counterclockwise', 'anticlockwise', 'mirrored', 'flipped'],
  // German, Dutch, Swedish, Danish, Norwegian
  ...['links', 'rechts', 'linke', 'linker', 'linkes', 'linken', 'rechte', 'rechter', 'rechtes'],
  ...['rechten', 'vänster', 'höger', 'venstre', 'højre', 'høyre'],
  // French, Spanish, Italian, Portuguese
  ...['gauche', 'droite', 'droit', 'izquierda', 'izquierdo', 'derecha', 'derecho'],
  ...['sinistra', 'sinistro', 'destra', 'destro', 'esquerda', 'esquerdo', 'direita', 'direito'],
  // Polish, Russian
  ...['lewo', 'prawo', 'lewy', 'prawy', 'lewa', 'prawa', 'слева', 'справа', 'влево', 'вправо'],
  ...['левый', 'правый', 'левая', 'правая', 'левое', 'правое'],
]);
/** In languages that write words without spaces, or bend them. */
const SIDE_PARTS = /[左右]|왼|오른/u;

/** Why images of these classes should not be mirrored; null if nothing speaks against it. */
export function flipObjection(classes: readonly string[]): FlipObjection | null {
  const names = classes.map((name) => name.normalize('NFC').trim());
  if (names.some((name) => NUMBER.test(name))) return 'digits';
  if (names.some((name) => LETTER.test(name))) return 'letters';
  const words = names.map(wordsOf);
  const saysSide = (name: string, i: number): boolean =>
    SIDE_PARTS.test(name) || words[i]!.some((word) => SIDES.has(word));
  return names.some(saysSide) || holdPair(words) ? 'sides' : null;
}

function wordsOf(name: string): readonly string[] {
  return name.replaceAll(CAMEL, '$1 $2').toLowerCase().match(WORD) ?? [];
}

/** Whether two names differ only in L and R, such as "hand_l" and "hand_r". */
function holdPair(names: readonly (readonly string[])[]): boolean {
  const all = new Set(names.map((words) => words.join(' ')));
  return names.some(
    (words) =>
      words.includes('l') && all.has(words.map((word) => (word === 'l' ? 'r' : word)).join(' ')),
  );
}
