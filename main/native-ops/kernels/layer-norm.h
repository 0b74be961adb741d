#pragma once

namespace karst {

/** Rows and their width, and what is added to the variance, of a layer normalisation
 * (arXiv 1607.06450). */
struct LayerNorm {
  int rows, width;
  float epsilon;
};

/** y = (x − mean) / sqrt(variance + ε) ⊙ weight + bias, row by row; weight and bias (width). */
void layerNorm(const LayerNorm& size, const float* x, const float* weight, const float* bias,
               float* y);

/** The gradient of x for that of y. */
void layerNormGradient(const LayerNorm& size, const float* x, const float* weight, const float* dy,
                       float* dx);

}  // namespace karst
