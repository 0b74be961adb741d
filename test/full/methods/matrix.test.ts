import { methodMatrix, PAIRS } from '../../fixtures/method-matrix.ts';

/** Every method on every network. */
methodMatrix(PAIRS);
