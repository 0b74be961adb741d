/** A library that opened an export, and the largest difference of a probability. */
export interface Opened {
  readonly format: string;
  readonly by: string;
  readonly difference: number;
}

/** What was measured of one backbone. */
export interface Measured {
  readonly name: string;
  /** Of the features, relative: at the network's own size and at another; null: not measured. */
  readonly native: number;
  readonly other: number | null;
  readonly opened: Opened[];
}

const COLUMNS = [
  ['timm', 'timm', 'timm folder by timm'],
  ['timm', 'transformers', 'by transformers'],
  ['hf', 'transformers', 'Hugging Face folder'],
  ['onnx', 'onnxruntime', 'ONNX'],
  ['savedmodel', 'tensorflow', 'SavedModel'],
] as const;

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const shown = (value: number | null): string =>
  value === null ? '' : value === 0 ? '0' : value.toExponential(0);

/** In Markdown: a row for each backbone; a dash where the format cannot hold the model. */
export function table(measured: readonly Measured[]): string {
  const head = ['backbone', 'features', 'at another size', ...COLUMNS.map(([, , title]) => title)];
  const rows = measured.map(({ name, native, other, opened }) => [
    `\`${name}\``,
    shown(native),
    shown(other),
    ...COLUMNS.map(([format, by]) => {
      const found = opened.find((one) => one.format === format && one.by === by);
      return found === undefined ? '–' : shown(found.difference);
    }),
  ]);
  return [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...rows].map(line).join('\n');
}

/** A library's own preparation of pictures against the studio's, as probabilities. */
export interface OfFiles extends Opened {
  readonly name: string;
}

/** In Markdown: the largest difference of a probability from the same files. */
export function fileTable(found: readonly OfFiles[]): string {
  const rows = found.map(({ name, format, by, difference }) => [
    `\`${name}\``,
    `${format} folder by ${by}`,
    shown(difference),
  ]);
  const head = ['from file to probability', 'opened as', 'difference'];
  return [head, ['---', '---', '---:'], ...rows].map(line).join('\n');
}
