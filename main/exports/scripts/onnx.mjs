// Classify pictures: node predict.mjs PICTURE...   (npm install onnxruntime-node sharp)
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

function end(sentence) {
  console.error(sentence);
  process.exit(1);
}
const paths = process.argv.slice(2);
if (paths.length === 0) end('Usage: node predict.mjs PICTURE...');
const [ort, sharp] = await Promise.all(
  ['onnxruntime-node', 'sharp'].map(async (name) => (await import(name)).default),
).catch(({ message }) =>
  end(`Run "npm install onnxruntime-node sharp" beside predict.mjs: ${message.split('\n')[0]}.`),
);

const file = (name) => fileURLToPath(new URL(name, import.meta.url));
const labels = readFileSync(file('labels.txt'), 'utf8').split('\n');
const p = JSON.parse(readFileSync(file('preprocessing.json'), 'utf8'));
const { imageSize: size, mean, std } = p;
const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
/** Pillow's filters: how far they reach, and their weights at |x|. */
const [reach, filter] = {
  nearest: [0, () => 1],
  box: [0.5, () => 1],
  bilinear: [1, (x) => Math.max(0, 1 - x)],
  hamming: [1, (x) => (x < 1 ? sinc(x) * (0.54 + 0.46 * Math.cos(Math.PI * x)) : 0)],
  bicubic: [
    2,
    (x) => (x < 1 ? (1.5 * x - 2.5) * x * x + 1 : x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0),
  ],
  lanczos: [3, (x) => (x < 3 ? sinc(x) * sinc(x / 3) : 0)],
}[p.interpolation];
const level = (x) => ('rescale' in p ? x : Math.min(255, Math.max(0, Math.round(x))));

/** Resizes blocks of `from` × `step` values along the first axis, as Pillow does. */
function resize(values, from, to, step) {
  const scale = from / to;
  const wide = Math.max(scale, 1);
  const blocks = values.length / (from * step);
  const out = new Float32Array(blocks * to * step);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const first =
      reach === 0 ? Math.floor(centre) : Math.max(0, Math.floor(centre - reach * wide + 0.5));
    const last = reach === 0 ? first + 1 : Math.min(from, Math.floor(centre + reach * wide + 0.5));
    const weights = [];
    for (let k = first; k < last; k++) weights.push(filter(Math.abs(k - centre + 0.5) / wide));
    const total = weights.reduce((a, b) => a + b);
    for (let block = 0; block < blocks; block++)
      for (let s = 0; s < step; s++) {
        let sum = 0;
        for (let k = first; k < last; k++)
          sum += weights[k - first] * values[(block * from + k) * step + s];
        out[(block * to + i) * step + s] = level(sum / total);
      }
  }
  return out;
}

/** The model's input: upright, in sRGB, on white, resized, cut out, scaled; (3, size, size). */
async function input(path) {
  const upright = sharp(path, { failOn: 'error' }).rotate();
  const { depth } = await upright.metadata();
  if (!['uchar', 'ushort'].includes(depth))
    throw new Error(`its samples are ${depth}, without the values of black and white`);
  const picture = upright.flatten({ background: '#fff' }).toColourspace('srgb').raw();
  const { data, info } = await picture.toBuffer({ resolveWithObject: true });
  const { width: w, height: h } = info;
  const side = Math.max(size, Math.floor(size / p.cropFraction));
  const even = (x) => (x % 1 === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));
  const resized = (n) =>
    ({ squash: side, border: Math.max(1, even(n / (Math.max(w, h) / side))) })[p.cropMode] ??
    Math.floor((side * n) / Math.min(w, h));
  const [width, height] = [resized(w), resized(h)];
  const pixels = resize(resize(data, w, width, 3), h, height, 3 * width);
  const start = (n) =>
    n < size
      ? -Math.floor((size - n) / 2)
      : (p.cropRounding === 'down' ? Math.floor : even)((n - size) / 2);
  const border = p.borderColour ?? mean.map((x) => even(255 * x));
  return Float32Array.from({ length: 3 * size * size }, (_, i) => {
    const channel = Math.floor(i / size ** 2);
    const [x, y] = [(i % size) + start(width), (Math.floor(i / size) % size) + start(height)];
    const inside = x >= 0 && y >= 0 && x < width && y < height;
    const value = inside ? pixels[3 * (y * width + x) + channel] : border[channel];
    return (value / 255 - mean[channel]) / std[channel];
  });
}

const session = await ort.InferenceSession.create(file('model.onnx'));
for (const path of paths) {
  try {
    const images = new ort.Tensor('float32', await input(path), [1, 3, size, size]);
    const { probabilities } = await session.run({ pixel_values: images });
    const best = [...probabilities.data.entries()].sort((a, b) => b[1] - a[1]).slice(0, 5);
    const shown = best.map(([i, share]) => `${labels[i]} ${(100 * share).toFixed(1)} %`);
    console.log([path, ...shown].join('  '));
  } catch ({ message }) {
    console.error(`${path} is not classified: ${message.trim().replaceAll('\n', '; ')}`);
    process.exitCode = 1;
  }
}
