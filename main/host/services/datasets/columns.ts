/**
 * Identifies the columns of a table. Names are compared by letters and digits only, ignoring case:
 * `file_name`, `Filename` and ` File name` are the same.
 */
const FILE = [
  ...['filename', 'file', 'path', 'filepath', 'image', 'imagepath', 'imagefile', 'imagename'],
  ...['imagefilename', 'img', 'imgpath', 'imgname', 'imgfile', 'picture', 'photo'],
];
const LABEL = [
  ...['label', 'class', 'classname', 'category', 'labelname', 'classlabel', 'categoryname'],
  ...['target', 'species'],
];
const SPLIT = ['split'];

/** Indices of the columns in a row. */
export interface Columns {
  readonly file: number;
  readonly label: number;
  /** null if there is none. */
  readonly split: number | null;
}

const plain = (name: string): string => name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');

/** The required columns; null if one is missing. */
export function columnsOf(header: readonly string[]): Columns | null {
  const names = header.map(plain);
  const find = (wanted: readonly string[]): number | null => {
    for (const name of wanted) if (names.includes(name)) return names.indexOf(name);
    return null;
  };
  const file = find(FILE);
  const label = find(LABEL);
  return file === null || label === null ? null : { file, label, split: find(SPLIT) };
}
