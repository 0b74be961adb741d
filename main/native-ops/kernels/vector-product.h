#pragma once

#include <algorithm>
#include <cstddef>

#include "lanes.h"
#include "operand.h"
#include "panel.h"

namespace karst {

/** Vector registers are everyone's. */
inline bool requestProductUnits() { return true; }

/** What a thread that multiplies has to hold: nothing. */
struct ProductUnit {
  ProductUnit() {}
};

/** Whether left operands may be multiplied where they lie. */
constexpr bool kReadsInPlace = true;

/** Rows, at most, and registers of columns whose sums are in registers at a time: with the values
 * of one depth and a factor they fit into AVX-512's 32 registers, and AVX2's 16. */
constexpr int kRowsAtOnce = kLanes == 16 ? 8 : 6;
constexpr int kRegistersAtOnce = 2;

/** A panel of a left operand, packed or where it lies. */
struct LeftPanel {
  const float* values;
  /** Floats from one line, and from one depth, to the next; one of them is 1. */
  std::size_t ofLine, ofDepth;

  static LeftPanel packed(const Packed* panel) { return {panel, 1, kPanelLines}; }
  /** Whether factors of one line follow each other, or those of one depth. */
  bool alongDepth() const { return ofDepth == 1; }
  LeftPanel from(int line) const { return {values + line * ofLine, ofLine, ofDepth}; }
};

/** Panels of a left operand: where they lie when their rows are lines, packed otherwise. */
class LeftPanels {
 public:
  /** @param part whose panels are the memory that packing takes */
  LeftPanels(const Operand& x, const Part& part) : x_(x), part_(part) {
    if (!x.rowIsLine) packPart<false>(x, part);
  }

  LeftPanel operator[](int panel) const {
    const std::size_t line = part_.first + panel * kPanelLines;
    return x_.rowIsLine ? LeftPanel{x_.values + line * x_.stride + part_.from, x_.stride, 1}
                        : LeftPanel::packed(part_.panels + panel * part_.panelSize);
  }

 private:
  Operand x_;
  Part part_;
};

/** `kRows` rows of a block and, of its first columns, as many as `kRegisters` hold. */
template <int kRows, int kRegisters, bool kAlongDepth>
void multiplyRows(const LeftPanel& left, const float* right, int depth, const Block& block) {
  const std::size_t ofLine = kAlongDepth ? left.ofLine : 1;
  const std::size_t ofDepth = kAlongDepth ? 1 : left.ofDepth;
  const float* factors = left.values;
  Lanes sums[kRows][kRegisters];
  for (auto& row : sums) {
    for (auto& part : row) part = all(0);
  }
  for (int d = 0; d < depth; ++d, factors += ofDepth, right += kPanelLines) {
    Lanes values[kRegisters];
    for (int j = 0; j < kRegisters; ++j) values[j] = load(right + j * kLanes);
    for (int i = 0; i < kRows; ++i) {
      const Lanes factor = all(factors[i * ofLine]);
      for (int j = 0; j < kRegisters; ++j) sums[i][j] = multiplyAdd(factor, values[j], sums[i][j]);
    }
  }
  for (int i = 0; i < kRows; ++i) {
    for (int j = 0; j < kRegisters; ++j) {
      const int rest = block.columns - j * kLanes;
      float* to = block.values + i * block.stride + j * kLanes;
      if (rest < kLanes) {
        const Some own = firstOf(rest);
        store(to, block.add ? sums[i][j] + load(to, own) : sums[i][j], own);
      } else {
        const Lanes value = block.add ? sums[i][j] + load(to) : sums[i][j];
        block.stream ? stream(to, value) : store(to, value);
      }
    }
  }
}

/** Finds the function for so many rows. */
template <int kRows = kRowsAtOnce>
void multiplySome(const LeftPanel& left, const float* right, int depth, const Block& block) {
  if constexpr (kRows > 1) {
    if (block.rows < kRows) return multiplySome<kRows - 1>(left, right, depth, block);
  }
  const bool one = block.columns <= kLanes;
  const auto multiply = left.alongDepth() ? one ? multiplyRows<kRows, 1, true>
                                                : multiplyRows<kRows, kRegistersAtOnce, true>
                        : one             ? multiplyRows<kRows, 1, false>
                                          : multiplyRows<kRows, kRegistersAtOnce, false>;
  multiply(left, right, depth, block);
}

/** A block (+)= a left panel times a right panel, both of that depth. */
inline void multiplyPanels(const LeftPanel& left, const float* right, int depth,
                           const Block& block) {
  constexpr int kColumns = kRegistersAtOnce * kLanes;
  // As even parts as can be: few rows at a time would not keep the processor busy.
  const int parts = ceilDivide(block.rows, kRowsAtOnce);
  for (int column = 0; column < block.columns; column += kColumns) {
    for (int part = 0; part < parts; ++part) {
      const int row = block.rows * part / parts, end = block.rows * (part + 1) / parts;
      multiplySome(left.from(row), right + column, depth,
                   {block.values + row * block.stride + column, block.stride, end - row,
                    block.columns - column, block.add, block.stream});
    }
  }
}

}  // namespace karst
