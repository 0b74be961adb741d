import type { Stage } from '../../shared/models/swin.ts';
import { staticDim, times, type Dim } from '../graph/dim.ts';
import { attend } from '../graph/ops/attention-parts.ts';
import * as g from '../graph/operations.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Build } from './build.ts';

/** How the patches of a block are divided into windows. */
export interface Windows extends Pick<Stage, 'side' | 'paddedSide' | 'width' | 'heads'> {
  /** Patches along a side of a window. */
  readonly window: number;
  /** Patches by which the image is shifted before, to the left and up. */
  readonly shift: number;
}

/** Added to the scores of patches that only the shift has brought together. */
const APART = -100;

/**
 * Multi-head self-attention within windows, including the norm before it; x (batch, side², width) →
 * (batch, side², width). Where windows do not divide the side, the shifted image is filled up with
 * zeros below and at the right, which take part, as timm does it.
 */
export function windowAttention(x: Tensor, path: string, of: Windows, build: Build): Tensor {
  const { window, shift, side, paddedSide, width: d } = of;
  const [batch = 0] = x.shape;
  const image = g.reshape(build.norm(`${path}.norm1`, x), [batch, side, side, d]);
  const padded = grown(rolled(image, shift), paddedSide - side);
  const rows = g.reshape(cut(padded, window), [times(batch, paddedSide ** 2), d]);
  const qkv = build.linear(`${path}.attn.qkv`, rows, x);
  const mixed = attendWindows(qkv, biasOf(path, of, build), of, batch);
  const projected = build.linear(`${path}.attn.proj`, mixed);
  const whole = joined(projected, batch, paddedSide, window, d);
  const kept = g.slice(whole, [0, 0, 0, 0], [batch, side, side, d]);
  return g.reshape(rolled(kept, (side - shift) % side), [batch, side * side, d]);
}

/** qkv (batch · padded side², 3 · width), window by window → (batch · padded side², width). */
function attendWindows(qkv: Tensor, bias: Tensor, of: Windows, batch: Dim): Tensor {
  const { window, paddedSide, width: d, heads } = of;
  const tokens = window ** 2;
  const count = (paddedSide / window) ** 2;
  const perHead = d / heads;
  // Every head of every window is one head of a batch of images.
  const split = g.transpose(
    g.reshape(qkv, [batch, count, tokens, 3, heads, perHead]),
    [3, 0, 1, 4, 2, 5],
  );
  const part = (index: number): Tensor =>
    g.reshape(g.slice(split, [index, 0, 0, 0, 0, 0], [1, batch, count, heads, tokens, perHead]), [
      batch,
      count * heads,
      tokens,
      perHead,
    ]);
  const [q, k, v] = [part(0), part(1), part(2)];
  const mixed = attend(g, { q, k, v, bias, scale: perHead ** -0.5 });
  const byWindow = g.transpose(g.reshape(mixed, [batch, tokens, count, d]), [0, 2, 1, 3]);
  return g.reshape(byWindow, [times(batch, count * tokens), d]);
}

/** The relative position bias and the mask of the shift, (windows · heads, tokens, tokens). */
function biasOf(path: string, of: Windows, { param }: Build): Tensor {
  const { window, shift, paddedSide, heads } = of;
  const tokens = window ** 2;
  const count = (paddedSide / window) ** 2;
  const table = param(`${path}.attn.relative_position_bias_table`);
  const gathered = g.gather(table, g.constant(offsetsIn(window), [tokens, tokens]));
  const relative = g.transpose(gathered, [2, 0, 1]);
  const shape = [count, heads, tokens, tokens];
  const everywhere =
    shift === 0
      ? g.broadcastTo(relative, shape)
      : g.add(g.constant(shiftMask(of), [count, 1, tokens, tokens]), relative);
  return g.reshape(everywhere, [count * heads, tokens, tokens]);
}

/** For each pair of a window's patches, the row of the table with their offset. */
function offsetsIn(window: number): Int32Array {
  const tokens = window ** 2;
  const offsets = new Int32Array(tokens * tokens);
  const between = (a: number, b: number): number => a - b + window - 1;
  for (let q = 0; q < tokens; q++)
    for (let k = 0; k < tokens; k++) {
      const rows = between(Math.floor(q / window), Math.floor(k / window));
      offsets[q * tokens + k] = rows * (2 * window - 1) + between(q % window, k % window);
    }
  return offsets;
}

/** (windows, 1, tokens, tokens): 0 for patches that are neighbours in the image, else `APART`. */
function shiftMask({ window, shift, paddedSide }: Windows): Float32Array {
  const tokens = window ** 2;
  const along = paddedSide / window;
  // The last window of a row holds what was last, and behind it what the shift has moved there.
  const region = (at: number): number =>
    at < paddedSide - window ? 0 : at < paddedSide - shift ? 1 : 2;
  const mask = new Float32Array(along * along * tokens * tokens);
  for (let w = 0; w < along * along; w++) {
    const regions = Array.from({ length: tokens }, (_, t) => {
      const row = Math.floor(w / along) * window + Math.floor(t / window);
      const column = (w % along) * window + (t % window);
      return 3 * region(row) + region(column);
    });
    for (let q = 0; q < tokens; q++)
      for (let k = 0; k < tokens; k++)
        if (regions[q] !== regions[k]) mask[(w * tokens + q) * tokens + k] = APART;
  }
  return mask;
}

/** The image (batch, side, side, width) moved up and left by `by`, around its borders. */
function rolled(x: Tensor, by: number): Tensor {
  if (by === 0) return x;
  const along = (image: Tensor, axis: 1 | 2): Tensor => {
    const [batch = 0, rows = 0, columns = 0, width = 0] = image.shape;
    const side = staticDim(x.shape[1] ?? 0);
    const part = (begin: number, length: number): Tensor =>
      axis === 1
        ? g.slice(image, [0, begin, 0, 0], [batch, length, columns, width])
        : g.slice(image, [0, 0, begin, 0], [batch, rows, length, width]);
    return g.concat([part(by, side - by), part(0, by)], axis);
  };
  return along(along(x, 1), 2);
}

/** (batch, side, side, width) with so many rows and columns of zeros after its own. */
function grown(x: Tensor, by: number): Tensor {
  return by === 0 ? x : g.pad(x, [0, 0, 0, 0], [0, by, by, 0]);
}

/** (batch, side, side, width) → (batch, windows, tokens, width), both in row-major order. */
function cut(x: Tensor, window: number): Tensor {
  const [batch = 0, side = 0, , width = 0] = x.shape;
  const along = staticDim(side) / window;
  const boxes = g.reshape(x, [batch, along, window, along, window, width]);
  return g.reshape(g.transpose(boxes, [0, 1, 3, 2, 4, 5]), [batch, along ** 2, window ** 2, width]);
}

/** The reverse of `cut`, from rows. */
function joined(rows: Tensor, batch: Dim, side: number, window: number, width: number): Tensor {
  const along = side / window;
  const boxes = g.reshape(rows, [batch, along, along, window, window, width]);
  return g.reshape(g.transpose(boxes, [0, 1, 3, 2, 4, 5]), [batch, side, side, width]);
}
