const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** A size for a sentence in English, in thousands as everywhere in the studio: "1.2 GB", "40 MB". */
export function bytesInWords(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${UNITS[unit] ?? ''}`;
}
