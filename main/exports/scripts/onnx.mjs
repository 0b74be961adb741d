// Classify pictures: node predict.mjs PICTURE...   (npm install onnxruntime-node sharp)
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ort from 'onnxruntime-node';
import sharp from 'sharp';

const file = (name) => fileURLToPath(new URL(name, import.meta.url));
const labels = readFileSync(file('labels.txt'), 'utf8').trimEnd().split('\n');
const p = JSON.parse(readFileSync(file('preprocessing.json'), 'utf8'));
const { imageSize: size, mean, std } = p;
const kernel =
  { nearest: 'nearest', bicubic: 'cubic', lanczos: 'lanczos3' }[p.interpolation] ?? 'linear';
const [r, g, b] = p.borderColour ?? mean.map((x) => Math.round(255 * x));

/** The square that the model sees, upright, in sRGB and on white: (size, size, 3), 0..255. */
async function levels(path) {
  const upright = await sharp(path)
    .rotate()
    .flatten({ background: '#fff' })
    .toColourspace('srgb')
    .png()
    .toBuffer();
  const { width: w, height: h } = await sharp(upright).metadata();
  const side = Math.max(size, Math.floor(size / p.cropFraction));
  const ratio = Math.max(w / side, h / side);
  const resized = (n) =>
    p.cropMode === 'squash'
      ? side
      : p.cropMode === 'border'
        ? Math.max(1, Math.round(n / ratio))
        : Math.floor((side * n) / Math.min(w, h));
  const half = (n) =>
    p.cropRounding === 'down' || n % 4 !== 3 ? Math.floor(n / 2) : Math.ceil(n / 2);
  const [width, height] = [resized(w), resized(h)];
  const [left, top] = [Math.max(0, width - size), Math.max(0, height - size)].map(half);
  const [x, y] = [Math.max(0, size - width), Math.max(0, size - height)];
  const cut = await sharp(upright)
    .resize({ width, height, fit: 'fill', kernel })
    .extract({ left, top, width: Math.min(size, width), height: Math.min(size, height) })
    .png()
    .toBuffer();
  const [beforeX, beforeY] = [Math.floor(x / 2), Math.floor(y / 2)];
  return sharp(cut)
    .extend({
      left: beforeX,
      right: x - beforeX,
      top: beforeY,
      bottom: y - beforeY,
      background: { r, g, b },
    })
    .raw()
    .toBuffer();
}

const session = await ort.InferenceSession.create(file('model.onnx'));
for (const path of process.argv.slice(2)) {
  const pixels = await levels(path);
  const planes = Float32Array.from({ length: pixels.length }, (_, i) => {
    const channel = Math.floor(i / size ** 2);
    return (pixels[3 * (i % size ** 2) + channel] / 255 - mean[channel]) / std[channel];
  });
  const { probabilities } = await session.run({
    pixel_values: new ort.Tensor('float32', planes, [1, 3, size, size]),
  });
  const best = [...probabilities.data.entries()].sort((a, b) => b[1] - a[1]).slice(0, 5);
  console.log(
    [path, ...best.map(([i, share]) => `${labels[i]} ${(100 * share).toFixed(1)} %`)].join('  '),
  );
}
