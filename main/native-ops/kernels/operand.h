#pragma once

#include <cstddef>

namespace karst {

/** Lines of a panel, into which operands are packed: rows of the left, columns of the right one. */
constexpr int kPanelLines = 32;
/** Values along the depth that are packed of a panel at a time. */
constexpr int kStepDepth = 32;

constexpr int ceilDivide(int a, int b) { return (a + b - 1) / b; }

/** Steps along a depth. */
constexpr int stepsOf(int depth) { return ceilDivide(depth, kStepDepth); }

/** A matrix as lines (rows of the left, columns of the right operand) of values along the depth. */
struct Operand {
  const float* values;
  /** Floats from one row of the memory to the next. */
  std::size_t stride;
  /** Whether a row of the memory is a line, and not the values of all lines at one depth. */
  bool rowIsLine;
};

/** A block of a result: `rows` by `columns`, each at most kPanelLines, of a matrix in memory. */
struct Block {
  float* values;
  /** Floats from one row to the next. */
  std::size_t stride;
  int rows, columns;
  /** Whether the product is added to what is there. */
  bool add = false;
  /** Whether it goes past the caches, as whole lines of 64 bytes: `values` and `stride` lie on
   * such. */
  bool stream = false;
};

}  // namespace karst
