#pragma once

namespace karst {

/** `batch` products of row-major matrices, (m, k) times (k, n) after transposing. */
struct Product {
  int batch, m, n, k;
  bool transposeA, transposeB;
};

/**
 * c = a b. On tiles every float is the sum of two bfloat16 and the product high·high + high·low +
 * low·high, summed in float32: the part low·low that is left out and the rounding of low are within
 * 3 · 2⁻¹⁶ of |a| |b|. In vector registers the products are float32's. `requestProductUnits` has to
 * have succeeded.
 */
void matmul(const Product& product, const float* a, const float* b, float* c);

}  // namespace karst
