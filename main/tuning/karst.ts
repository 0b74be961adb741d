import {
  karst as spec,
  karstLinears,
  type KarstLinear,
  type KarstOptions,
} from '../../shared/methods/karst.ts';
import { karstDelta } from './karst-delta.ts';
import { prefersFactoredGradient } from './karst-gradient-path.ts';
import { mergedLinear, withKarst } from './karst-linear.ts';
import type { TuningMethod } from './method.ts';

type FactoredGradient = (linear: KarstLinear, o: KarstOptions, rows: number) => boolean;

/** Builds KARST with a given rule for the gradient path of a Linear's factors. */
export function karstBy(factoredGradient: FactoredGradient): TuningMethod<KarstOptions> {
  return {
    spec,
    attach: (build, model, o, { training, noise }) =>
      withKarst(build, karstLinears(model, o), o, {
        factoredGradient: (linear, rows) => training && factoredGradient(linear, o, rows),
        rankMask: noise.get('rankDropout'),
      }),
    *delta(model, o, adapter, backbone) {
      for (const linear of karstLinears(model, o)) {
        const { weight, bias } = karstDelta(linear, o, adapter, backbone);
        yield [`${linear.path}.weight`, weight];
        if (bias !== null) yield [`${linear.path}.bias`, bias];
      }
    },
    merged: (model, o, param) =>
      new Map(
        karstLinears(model, o).flatMap((linear) => {
          const { weight, bias } = mergedLinear(linear, o, param);
          const tensors = [[`${linear.path}.weight`, weight] as const];
          return bias === null ? tensors : [...tensors, [`${linear.path}.bias`, bias] as const];
        }),
      ),
  };
}

export const karst = karstBy(prefersFactoredGradient);
