#pragma once

#include "operand.h"

namespace karst {

/**
 * c (m, n) = left right for k far greater than m and n, as in the gradient of a weight ("split-K").
 * Each thread has a slice of K, which it reads once from front to back while its partial product
 * stays in the L2 cache; the partial products are added afterwards.
 */
void splitKMatmul(int m, int n, int k, const Operand& left, const Operand& right, float* c);

}  // namespace karst
