#pragma once

#include <cstddef>

namespace karst {

// Products are (M, K) × (K, N). Operands are packed into micro-panels (BLIS): kPanelWidth rows of the
// left operand (its MR) or columns of the right one (its NR), over some of K. "MN" below is M for a
// left operand and N for a right one.

/** Rows (left) or columns (right) of a micro-panel. */
#ifdef __AVX512F__
constexpr int kPanelWidth = 32;
#else
// As wide as a register tile (with NEON two): it is then read in the order of memory, and a block of it along K
// fits into the L1 cache.
constexpr int kPanelWidth = 24;
#endif
/** K is packed in steps of so many values. */
constexpr int kStepK = kPanelWidth;

constexpr int ceilDivide(int a, int b) { return (a + b - 1) / b; }

/** Steps along K. */
constexpr int stepsOf(int k) { return ceilDivide(k, kStepK); }

/** A matrix in memory: (M, K) or its transpose for the left, (K, N) or its transpose for the right
 * operand. */
struct Operand {
  const float* values;
  /** Floats from one row of the memory to the next. */
  std::size_t stride;
  /** Whether K is the contiguous dimension; otherwise M or N is. */
  bool contiguousK;
};

/** A block of a result: `rows` by `columns`, each at most kPanelWidth, of a matrix in memory. */
struct Block {
  float* values;
  /** Floats from one row to the next. */
  std::size_t stride;
  int rows, columns;
  /** Whether the product is added to what is there. */
  bool add = false;
  /** Whether it is written with non-temporal stores, in whole cache lines: `values` and `stride`
   * are multiples of 64 bytes. */
  bool nonTemporal = false;
};

}  // namespace karst
