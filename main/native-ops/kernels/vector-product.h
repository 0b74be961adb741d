#pragma once

#include <algorithm>
#include <cstddef>

#include "micro-panel.h"
#include "operand.h"
#include "vec.h"

namespace karst {

/** Vector registers need no permission. */
inline bool requestProductUnits() { return true; }

/** State that a multiplying thread holds: none. */
struct ProductUnit {
  ProductUnit() {}
};

/** Whether left operands can be multiplied without packing. */
constexpr bool kReadsInPlace = true;

/** Register tile of the micro-kernel: rows (at most) by vectors of columns. With the values of one
 * k and a factor it fits into AVX-512's 32 and AVX2's 16 registers. A panel is a whole number of
 * tiles either way. */
constexpr int kTileRows = kLanes == 16 ? 8 : 4;
constexpr int kTileVectors = kLanes == 16 ? 2 : 3;

/** A micro-panel of a left operand, packed or in place. */
struct LeftMicroPanel {
  const float* values;
  /** Strides in floats along M and K; one of them is 1. */
  std::size_t strideM, strideK;

  static LeftMicroPanel packed(const Packed* panel) { return {panel, 1, kPanelWidth}; }
  bool contiguousK() const { return strideK == 1; }
  LeftMicroPanel from(int row) const { return {values + row * strideM, strideM, strideK}; }
};

/** Micro-panels of a left operand: in place where K is contiguous, packed otherwise. */
class LeftMicroPanels {
 public:
  /** @param part its `panels` are the memory to pack into */
  LeftMicroPanels(const Operand& x, const Part& part) : x_(x), part_(part) {
    if (!x.contiguousK) packPart<false>(x, part);
  }

  LeftMicroPanel operator[](int panel) const {
    const std::size_t row = part_.mnBegin + panel * kPanelWidth;
    return x_.contiguousK ? LeftMicroPanel{x_.values + row * x_.stride + part_.kBegin, x_.stride, 1}
                          : LeftMicroPanel::packed(part_.panels + panel * part_.panelSize);
  }

 private:
  Operand x_;
  Part part_;
};

/** The micro-kernel: `kRows` rows and the first `kVectors` vectors of columns of a block. */
template <int kRows, int kVectors, bool kContiguousK>
void multiplyRows(const LeftMicroPanel& left, const float* right, int k, const Block& block) {
  const std::size_t strideM = kContiguousK ? left.strideM : 1;
  const std::size_t strideK = kContiguousK ? 1 : left.strideK;
  const float* factors = left.values;
  Vec sums[kRows][kVectors];
  for (auto& row : sums) {
    for (auto& part : row) part = broadcast(0);
  }
  for (int step = 0; step < k; ++step, factors += strideK, right += kPanelWidth) {
    Vec values[kVectors];
    for (int j = 0; j < kVectors; ++j) values[j] = load(right + j * kLanes);
    for (int i = 0; i < kRows; ++i) {
      const Vec factor = broadcast(factors[i * strideM]);
      for (int j = 0; j < kVectors; ++j) sums[i][j] = mulAdd(factor, values[j], sums[i][j]);
    }
  }
  for (int i = 0; i < kRows; ++i) {
    for (int j = 0; j < kVectors; ++j) {
      const int rest = block.columns - j * kLanes;
      float* to = block.values + i * block.stride + j * kLanes;
      if (rest < kLanes) {
        const Mask mask = firstN(rest);
        store(to, block.add ? sums[i][j] + load(to, mask) : sums[i][j], mask);
      } else {
        const Vec value = block.add ? sums[i][j] + load(to) : sums[i][j];
        block.nonTemporal ? storeNonTemporal(to, value) : store(to, value);
      }
    }
  }
}

/** Dispatches on the number of vectors of columns, and on how the left operand lies in memory. */
template <int kRows, int kVectors = kTileVectors>
void multiplyColumns(const LeftMicroPanel& left, const float* right, int k, const Block& block) {
  if constexpr (kVectors > 1) {
    if (block.columns <= (kVectors - 1) * kLanes)
      return multiplyColumns<kRows, kVectors - 1>(left, right, k, block);
  }
  const auto multiply = left.contiguousK() ? multiplyRows<kRows, kVectors, true>
                                           : multiplyRows<kRows, kVectors, false>;
  multiply(left, right, k, block);
}

/** Dispatches on the number of rows. */
template <int kRows = kTileRows>
void multiplySome(const LeftMicroPanel& left, const float* right, int k, const Block& block) {
  if constexpr (kRows > 1) {
    if (block.rows < kRows) return multiplySome<kRows - 1>(left, right, k, block);
  }
  multiplyColumns<kRows>(left, right, k, block);
}

/** block (+)= left × right, micro-panels over k values. */
inline void multiplyPanels(const LeftMicroPanel& left, const float* right, int k,
                           const Block& block) {
  constexpr int kColumns = kTileVectors * kLanes;
  // Split evenly: a remainder of few rows would leave the FMA units idle.
  const int parts = ceilDivide(block.rows, kTileRows);
  for (int column = 0; column < block.columns; column += kColumns) {
    for (int part = 0; part < parts; ++part) {
      const int row = block.rows * part / parts, end = block.rows * (part + 1) / parts;
      multiplySome(left.from(row), right + column, k,
                   {block.values + row * block.stride + column, block.stride, end - row,
                    block.columns - column, block.add, block.nonTemporal});
    }
  }
}

}  // namespace karst
