#pragma once

namespace karst {

/**
 * Sizes of W* = W + Σᵢ Cᵢ ⊗ Dᵢ (design of KARST, arXiv 2502.06779): C (kernels, l, m), D (kernels,
 * splits, k, n), W (splits · l · k, m · n), whose splits share C.
 */
struct Kronecker {
  int kernels, splits, l, k, m, n;
};

/** out = weight + Σᵢ Cᵢ ⊗ Dᵢ, each value summed in the order of the kernels. */
void addKronecker(const Kronecker& size, const float* weight, const float* c, const float* d,
                  float* out);

/** The gradients of C and then of D, one after the other, for that of W*. */
void kroneckerGradient(const Kronecker& size, const float* dWeight, const float* c, const float* d,
                       float* out);

}  // namespace karst
