import { adaptformer as spec, type AdaptFormerOptions } from '../../shared/methods/adaptformer.ts';
import { times } from '../graph/dim.ts';
import * as g from '../graph/operations.ts';
import type { TuningMethod } from './method.ts';

/** AdaptFormer: s · Up ReLU(Down x) is added to the output of each MLP. */
export const adaptformer: TuningMethod<AdaptFormerOptions> = {
  spec,
  attach: (build, _model, { scale }) => ({
    ...build,
    branch: (site, given, x) => {
      const y = build.branch(site, given, x);
      if (site.branch === 0) return y;
      const param = (leaf: string) =>
        build.param(`blocks.${String(site.block)}.adaptformer_${leaf}`);
      const [batch = 0, count = 0, width = 0] = x.shape;
      const rows = g.reshape(x, [times(batch, count), width]);
      const thin = g.add(g.matmul(rows, param('down'), { transposeB: true }), param('down_bias'));
      const active = g.maximum(thin, g.scalar(0));
      const wide = g.add(g.matmul(active, param('up'), { transposeB: true }), param('up_bias'));
      return g.add(y, g.mul(g.reshape(wide, [batch, count, width]), g.scalar(scale)));
    },
  }),
  delta: null,
  merged: null,
};
