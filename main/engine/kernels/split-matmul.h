#pragma once

namespace karst {

/** `batch` products of row-major matrices, (m, k) times (k, n) after transposing. */
struct Product {
  int batch, m, n, k;
  bool transposeA, transposeB;
};

/** Asks Linux for the tile registers, once a process. @returns whether this processor has them and
 * grants them */
bool requestTiles();

/**
 * c = a b with every float as the sum of two bfloat16: high·high + high·low + low·high, summed in
 * float32. The part low·low that is left out and the rounding of low are within 3 · 2⁻¹⁶ of |a|
 * |b|. `requestTiles` has to have succeeded.
 */
void splitMatmul(const Product& product, const float* a, const float* b, float* c);

}  // namespace karst
