import { vit } from '../models/vit.ts';
import type { VitArchitecture } from './architecture.ts';
import type { KarstOptions } from '../methods/karst.ts';
import type { TargetModule } from '../methods/target-modules.ts';

/**
 * LyCORIS LoKr's rule for splitting a dimension `d` into two factors, the smaller first: (f, d/f) when f
 * divides d, otherwise the most balanced pair of divisors whose smaller one is at most f; f < 0 sets no bound.
 */
export function factorize(d: number, f: number): [small: number, large: number] {
  if (f > 0 && d % f === 0) return f <= d / f ? [f, d / f] : [d / f, f];
  let best = 1;
  for (let s = 2; s * s <= d && (f < 0 || s <= f); s++) if (d % s === 0) best = s;
  return [best, d / best];
}

/** Features in and out of a target module; the fused qkv has three equal parts of `out / parts`. */
export function moduleSize(
  a: VitArchitecture,
  module: TargetModule,
): { in: number; out: number; parts: 1 | 3 } {
  switch (module) {
    case 'attn.qkv':
      return { in: a.width, out: 3 * a.width, parts: 3 };
    case 'attn.proj':
      return { in: a.width, out: a.width, parts: 1 };
    case 'mlp.fc1':
      return { in: a.width, out: a.hidden, parts: 1 };
    case 'mlp.fc2':
      return { in: a.hidden, out: a.width, parts: 1 };
  }
}

/** (m, n) of the input side and (l, k) of one part of the output side. */
export function kernelFactors(
  a: VitArchitecture,
  module: TargetModule,
  factor: number,
): { m: number; n: number; l: number; k: number } {
  const size = moduleSize(a, module);
  const [m, n] = factorize(size.in, factor);
  const [l, k] = factorize(size.out / size.parts, factor);
  return { m, n, l, k };
}

/**
 * Names and shapes of an adapter's tensors without the head, block by block: `karst_c (N, l, m)`,
 * `karst_a (N, r, k)` or `(N, 3, r, k)` for qkv, `karst_b (N, n, r)`; re-scaling `in_scale`, `in_shift` at
 * attn.proj and `out_scale`, `out_shift` at attn.proj and mlp.fc2, where these are targets: `(1)` or `(features)`.
 */
export function karstTensorShapes(
  a: VitArchitecture,
  o: Pick<KarstOptions, 'rank' | 'factor' | 'kernels' | 'rescale' | 'targetModules'>,
): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  for (let block = 0; block < a.depth; block++) {
    for (const module of o.targetModules) {
      const { m, n, l, k } = kernelFactors(a, module, o.factor);
      const size = moduleSize(a, module);
      const path = `blocks.${block}.${module}`;
      const { kernels: N, rank: r } = o;
      shapes.set(`${path}.karst_c`, [N, l, m]);
      shapes.set(`${path}.karst_a`, size.parts === 3 ? [N, 3, r, k] : [N, r, k]);
      shapes.set(`${path}.karst_b`, [N, n, r]);
      if (o.rescale === 'none') continue;
      const channel = o.rescale === 'channel';
      if (module === 'attn.proj') {
        shapes.set(`${path}.in_scale`, [channel ? size.in : 1]);
        shapes.set(`${path}.in_shift`, [channel ? size.in : 1]);
      }
      if (module === 'attn.proj' || module === 'mlp.fc2') {
        shapes.set(`${path}.out_scale`, [channel ? size.out : 1]);
        shapes.set(`${path}.out_shift`, [channel ? size.out : 1]);
      }
    }
  }
  return shapes;
}

/**
 * Names and shapes of a timm ViT's tensors.
 * @param o.classes outputs of the head, default those of the architecture; 0 leaves the head out
 * @param o.imageSize side that the position embeddings are for, default the architecture's own
 */
export function vitTensorShapes(
  a: VitArchitecture,
  o: { classes?: number; imageSize?: number } = {},
): Map<string, readonly number[]> {
  const { classes = a.classes, imageSize = a.imageSize } = o;
  const tensors = vit.tensors({ ...a, imageSize }, classes);
  return new Map(tensors.map(({ name, shape }) => [name, shape]));
}
