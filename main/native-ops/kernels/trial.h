#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "attention.h"
#include "gelu.h"
#include "kronecker.h"
#include "layer-norm.h"
#include "matmul.h"
#include "mix.h"

namespace karst {

/**
 * A call of a kernel with operands that are drawn (the same ones for the same sizes), and what has
 * to come of it, by plain loops in double precision: for the kernels' check of themselves and for
 * the runs under the compiler's sanitizers.
 */
struct Trial {
  static constexpr int kMostOperands = 3;

  /** Index in kCalls. */
  int call;
  std::vector<std::vector<float>> operands;
  std::vector<std::int32_t> size;
  std::vector<double> expected;
  /** The greatest error of each number; negative: the number is not looked at. */
  std::vector<double> allowed;

  /** Whether a result is within what is allowed. A NaN never is. */
  bool holds(const float* result) const;
};

/** Of large products only some numbers are looked at. */
Trial matmulTrial(const Product& size);
Trial attentionTrial(const Heads& size);
Trial attentionGradientTrial(const Heads& size);
Trial addKroneckerTrial(const Kronecker& size);
Trial kroneckerGradientTrial(const Kronecker& size);
Trial mixTrial(const Mix& size);
Trial mixGradientTrial(const Mix& size);
Trial geluTrial(const Rows& size, bool hasBias);
Trial geluGradientTrial(const Rows& size, bool hasBias);
Trial layerNormTrial(const LayerNorm& size);
Trial layerNormGradientTrial(const LayerNorm& size);

}  // namespace karst
