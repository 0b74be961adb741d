import {
  borderColour,
  resizedSide,
  type Preprocessing,
} from '../../../shared/domain/preprocessing.ts';

const FILTER_NAMES: Record<Preprocessing['interpolation'], string> = {
  nearest: 'the nearest pixel (Pillow: NEAREST)',
  box: "Pillow's BOX filter",
  bilinear: "Pillow's BILINEAR filter",
  hamming: "Pillow's HAMMING filter",
  bicubic: "Pillow's BICUBIC filter",
  lanczos: "Pillow's LANCZOS filter",
};

const triple = (values: readonly number[]): string => `(${values.join(', ')})`;

function resizing(p: Preprocessing): string {
  const side = resizedSide(p);
  const filter =
    p.rescale === undefined
      ? FILTER_NAMES[p.interpolation]
      : `${p.interpolation} interpolation with antialiasing, on floats (PyTorch: antialias=True)`;
  switch (p.cropMode) {
    case 'center':
      return `Resize the shorter side to ${side} pixels with ${filter}; the longer side keeps the ratio, rounded down.`;
    case 'squash':
      return `Resize to ${side} × ${side} pixels with ${filter}, whatever the ratio of the sides.`;
    case 'border':
      return `Resize the longer side to ${side} pixels with ${filter}; the shorter side keeps the ratio, rounded.`;
  }
}

/** @returns null where nothing is cut off */
function cropping(p: Preprocessing): string | null {
  const halved =
    p.cropRounding === 'down'
      ? 'half of an odd margin is rounded down'
      : 'half of an odd margin is rounded to the even number';
  const crop = `Cut out the ${p.imageSize} × ${p.imageSize} pixels in the middle; ${halved}.`;
  if (p.cropMode === 'center') return crop;
  return resizedSide(p) > p.imageSize ? crop : null;
}

/** In steps of one sentence each. */
function preprocessingSteps(p: Preprocessing): string[] {
  const scaling = 'Divide the levels 0..255 by 255.';
  const first = p.rescale !== undefined;
  const crop = cropping(p);
  return [
    'Turn the image upright as its EXIF data say, convert it to sRGB, and put transparent parts on white.',
    ...(first ? [scaling] : []),
    resizing(p),
    ...(crop === null ? [] : [crop]),
    ...(p.cropMode === 'border'
      ? [
          `Put it in the middle of a square of ${p.imageSize} × ${p.imageSize} pixels of the color ${triple(borderColour(p))} (RGB, 0..255); half of an odd margin is rounded down.`,
        ]
      : []),
    ...(first ? [] : [scaling]),
    `Subtract the mean ${triple(p.mean)} and divide by the standard deviation ${triple(p.std)}, for red, green and blue.`,
    `The input has the shape (1, 3, ${p.imageSize}, ${p.imageSize}): channels first, in float32.`,
  ];
}

/**
 * How an image becomes the network's input, as numbered lines of Markdown: enough to write it again
 * in another program.
 */
export function preprocessingInWords(p: Preprocessing): string {
  return preprocessingSteps(p)
    .map((step, i) => `${i + 1}. ${step}`)
    .join('\n');
}
