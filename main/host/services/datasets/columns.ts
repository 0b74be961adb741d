/**
 * Which column of a table is which. Names are compared by their letters and digits alone, in any case:
 * `file_name`, `Filename` and ` File name` are one.
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

/** Places of the columns in a row. */
export interface Columns {
  readonly file: number;
  readonly label: number;
  /** null when there is none. */
  readonly split: number | null;
}

const plain = (name: string): string => name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');

/** The columns that are needed, or null where one of them is not there. */
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
