#pragma once

namespace karst {

/** `batch` products of row-major matrices, (m, k) times (k, n) after transposing. */
struct Product {
  int batch, m, n, k;
  bool transposeA, transposeB;
};

/**
 * c = a b. With AMX every float is split into two bfloat16 numbers and the product is high·high +
 * high·low + low·high, accumulated in float32 ("bf16x3"): the omitted low·low and the rounding of
 * low stay within 3 · 2⁻¹⁶ of |a| |b|. With vectors the arithmetic is float32. Requires that
 * `requestProductUnits` has succeeded.
 */
void matmul(const Product& product, const float* a, const float* b, float* c);

}  // namespace karst
