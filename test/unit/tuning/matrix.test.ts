import { DEFAULT_METHOD } from '../../../shared/methods/registry.ts';
import { methodMatrix, PAIRS } from '../../fixtures/method-matrix.ts';

/**
 * Every method, in all variants, on a plain ViT, on one with all that a ViT can have, and on Swin;
 * the method of new runs on every network. `test:full -- --only methods` has the others.
 */
methodMatrix(
  PAIRS.filter(({ everyVariant, tuning }) => everyVariant || tuning.method === DEFAULT_METHOD),
);
