#pragma once

namespace karst {

/**
 * Sizes of a product with the factors C (kernels, l, m) of KARST (arXiv 2502.06779) that never
 * forms ΔW: x (rows, m, kernels · rank) is mixed over m, each kernel's numbers by its own C, to y
 * (rows, l, kernels · rank).
 */
struct Mix {
  int rows, l, m, kernels, rank;
};

/** y[t, p, i, s] = Σ_q C[i, p, q] x[t, q, i, s], summed in the order of q. */
void mix(const Mix& size, const float* x, const float* c, float* y);

/** dC[i, p, q] = Σ over t and s of dy[t, p, i, s] x[t, q, i, s]. */
void mixGradient(const Mix& size, const float* dy, const float* x, float* dC);

}  // namespace karst
