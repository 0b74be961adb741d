#pragma once

#include "operand.h"

namespace karst {

/**
 * c (m, n) = left right for a depth that is far greater than m and n, as in the gradient of a
 * weight. The depth is cut into a slice for each thread; a slice is read once, from front to back,
 * and its product is kept near the processor until it ends.
 */
void deepMatmul(int m, int n, int depth, const Operand& left, const Operand& right, float* c);

}  // namespace karst
