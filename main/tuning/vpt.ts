import { vpt as spec, type VptOptions } from '../../shared/methods/vpt.ts';
import { staticDim } from '../graph/dim.ts';
import * as g from '../graph/operations.ts';
import type { TuningMethod } from './method.ts';

/** VPT-deep: the first block is given trained tokens behind the prefix, each later one others for them. */
export const vpt: TuningMethod<VptOptions> = {
  spec,
  attach: (build, _model, { prompts }) => ({
    ...build,
    prompts,
    tokens: (site, given) => {
      const x = build.tokens(site, given);
      const [batch = 0, count = 0, width = 0] = x.shape;
      const { block, prefix } = site;
      const own = build.param(`blocks.${String(block)}.vpt_prompts`);
      const after = block === 0 ? prefix : prefix + prompts;
      return g.concat(
        [
          ...(prefix === 0 ? [] : [g.slice(x, [0, 0, 0], [batch, prefix, width])]),
          g.broadcastTo(own, [batch, prompts, width]),
          g.slice(x, [0, after, 0], [batch, staticDim(count) - after, width]),
        ],
        1,
      );
    },
  }),
  delta: null,
  merged: null,
};
