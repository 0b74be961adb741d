/**
 * Renders terminal text as an SVG picture. Supports the escape sequences for bold and dim (ECMA-48,
 * SGR 1, 2 and 22) that the command line writes.
 */

const FONT_SIZE = 13;
const LINE_HEIGHT = 19;
const CHARACTER_WIDTH = 7.83;
const MARGIN = 20;
/** Space above the first line for a title bar with three dots. */
const TITLE_HEIGHT = 56;

type Look = 'plain' | 'bold' | 'dim';

interface Piece {
  readonly look: Look;
  readonly text: string;
}

const LOOKS: ReadonlyMap<string, Look> = new Map([
  ['1', 'bold'],
  ['2', 'dim'],
  ['22', 'plain'],
  ['0', 'plain'],
]);

/**
 * @param label text alternative of the picture
 * @throws if the text has any other escape sequence
 */
export function terminalPicture(text: string, label: string): string {
  const lines = text.trimEnd().split('\n').map(piecesOf);
  const longest = Math.max(...lines.map((pieces) => pieces.map((one) => one.text).join('').length));
  const width = Math.ceil(2 * MARGIN + longest * CHARACTER_WIDTH);
  const height = TITLE_HEIGHT + (lines.length - 1) * LINE_HEIGHT + MARGIN + FONT_SIZE / 2;
  const rows = lines.flatMap((pieces, index) =>
    pieces.length === 0 ? [] : [rowOf(pieces, TITLE_HEIGHT + index * LINE_HEIGHT)],
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(label)}">`,
    `<style>text{font:${FONT_SIZE}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#d7dae0;white-space:pre}.dim{fill:#8b93a1}.bold{fill:#fff;font-weight:600}</style>`,
    `<rect width="${width}" height="${height}" rx="8" fill="#1d2026"/>`,
    ...[20, 38, 56].map((x) => `<circle cx="${x}" cy="17" r="5" fill="#4a4f59"/>`),
    ...rows,
    '</svg>\n',
  ].join('\n');
}

function rowOf(pieces: readonly Piece[], y: number): string {
  const spans = pieces.map(({ look, text }) =>
    look === 'plain' ? escaped(text) : `<tspan class="${look}">${escaped(text)}</tspan>`,
  );
  return `<text x="${MARGIN}" y="${y}" xml:space="preserve">${spans.join('')}</text>`;
}

function piecesOf(line: string): Piece[] {
  const pieces: Piece[] = [];
  let look: Look = 'plain';
  // `split` alternates text and the parameter of a sequence.
  for (const [index, part] of line.split(/\u001b\[(\d*)m/).entries()) {
    if (index % 2 === 0) {
      if (part !== '') pieces.push({ look, text: part });
      continue;
    }
    const next = LOOKS.get(part === '' ? '0' : part);
    if (next === undefined) throw new Error(`a picture cannot show the sequence ESC[${part}m`);
    look = next;
  }
  return pieces;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** Removes the times from the demo's output: they depend on the machine. */
export function withoutTimes(text: string): string {
  return text
    .replaceAll(/ \u001b\[2m\[[^\]\n]*\]\u001b\[22m$/gm, '')
    .replaceAll(/( steps) in [^\n]*$/gm, '$1')
    .replaceAll(/^\u001b\[2mtime\u001b\[22m[^\n]*\n/gm, '');
}
