#pragma once

namespace karst {

/** Rows and their width. */
struct Rows {
  int rows, width;
};

/**
 * gelu(z) = z Φ(z) (arXiv 1606.08415) of z = x + bias, with an error of 10⁻⁶ of the result; bias
 * (width) may be null.
 */
void gelu(const Rows& size, const float* x, const float* bias, float* y);

/** dy · gelu'(z). */
void geluGradient(const Rows& size, const float* x, const float* bias, const float* dy, float* dx);

}  // namespace karst
