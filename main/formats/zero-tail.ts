/** What zeros at the end of a file say: a download or a copy that broke off can leave a file of full length. */

/** So many zeros are more than chance, and more than encoders write behind what they have to say. */
export const MANY_ZEROS = 16;

/** Zeros at the end. */
export function trailingZeros(bytes: Uint8Array): number {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  return bytes.length - end;
}

/** A sentence without its subject. */
export function cutOffByZeros(zeros: number): string {
  return `is cut off: where its rest should be there are ${String(zeros)} zeros`;
}
