/** Heading of a chart's picture. */
export interface PictureHead {
  readonly title: string;
  readonly entries: readonly { readonly label: string; readonly colour: string }[];
  readonly text: string;
  readonly ground: string;
  readonly font: string;
}

const MARGIN = 16;
const TITLE_LINE = 28;
const ENTRY_LINE = 22;
const SWATCH = 16;

/** The plot with title and legend on an opaque background, as PNG at screen resolution. */
export function chartPicture(
  plot: HTMLCanvasElement,
  head: PictureHead,
  ratio: number,
): Promise<Blob> {
  const picture = document.createElement('canvas');
  const context = picture.getContext('2d');
  if (context === null) throw new Error('The browser gives no canvas to draw on.');
  const width = plot.width / ratio;
  context.font = head.font;
  const places = legendPlaces(context, head, width);
  const top = MARGIN + TITLE_LINE + (places.at(-1)?.line ?? 0) * ENTRY_LINE + ENTRY_LINE;
  picture.width = Math.round(plot.width + 2 * MARGIN * ratio);
  picture.height = Math.round(plot.height + (top + MARGIN) * ratio);
  context.fillStyle = head.ground;
  context.fillRect(0, 0, picture.width, picture.height);
  context.scale(ratio, ratio);
  context.textBaseline = 'middle';
  context.fillStyle = head.text;
  context.font = `600 ${head.font.replace(/^\d+px/, '15px')}`;
  context.fillText(head.title, MARGIN, MARGIN + TITLE_LINE / 2);
  context.font = head.font;
  head.entries.forEach(({ label, colour }, index) => {
    const { left, line } = places[index]!;
    const middle = MARGIN + TITLE_LINE + line * ENTRY_LINE + ENTRY_LINE / 2;
    context.fillStyle = colour;
    context.fillRect(left, middle - 1, SWATCH, 2);
    context.fillStyle = head.text;
    context.fillText(label, left + SWATCH + 6, middle);
  });
  context.drawImage(plot, MARGIN, top, width, plot.height / ratio);
  return new Promise((resolve, reject) => {
    picture.toBlob((blob) => {
      if (blob === null) reject(new Error('The chart is too large for a picture.'));
      else resolve(blob);
    }, 'image/png');
  });
}

/** Entries from left to right, wrapped to the width. */
function legendPlaces(
  context: CanvasRenderingContext2D,
  head: PictureHead,
  width: number,
): { left: number; line: number }[] {
  let left = MARGIN;
  let line = 0;
  return head.entries.map(({ label }) => {
    const needed = SWATCH + 6 + context.measureText(label).width;
    if (left > MARGIN && left + needed > width) {
      left = MARGIN;
      line += 1;
    }
    const place = { left, line };
    left += needed + 20;
    return place;
  });
}
