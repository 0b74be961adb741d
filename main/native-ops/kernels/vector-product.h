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
 * k and a factor it fits into the 32 registers of AVX-512 and NEON and AVX2's 16. A panel is a whole
 * number of tiles in all of them. */
constexpr int kTileRows = kLanes == 8 ? 4 : 8;
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

/** Rows (at most) of a register tile that is so many vectors wide: as many sums as the registers
 * hold, so that a narrow one does not wait for the FMA units' latency. */
constexpr int tileRows(int vectors) { return kTileRows * kTileVectors / vectors; }

/** Dispatches on the number of rows, and on how the left operand lies in memory. */
template <int kRows, int kVectors>
void multiplySome(const LeftMicroPanel& left, const float* right, int k, const Block& block) {
  if constexpr (kRows > 1) {
    if (block.rows < kRows) return multiplySome<kRows - 1, kVectors>(left, right, k, block);
  }
  const auto multiply = left.contiguousK() ? multiplyRows<kRows, kVectors, true>
                                           : multiplyRows<kRows, kVectors, false>;
  multiply(left, right, k, block);
}

/** The columns of one register tile, for all rows; dispatches on the number of their vectors. */
template <int kVectors = kTileVectors>
void multiplyColumns(const LeftMicroPanel& left, const float* right, int k, const Block& block) {
  if constexpr (kVectors > 1) {
    if (block.columns <= (kVectors - 1) * kLanes)
      return multiplyColumns<kVectors - 1>(left, right, k, block);
  }
  // Split evenly: a remainder of few rows would leave the FMA units idle.
  constexpr int kRows = tileRows(kVectors);
  const int parts = ceilDivide(block.rows, kRows);
  for (int part = 0; part < parts; ++part) {
    const int row = block.rows * part / parts, end = block.rows * (part + 1) / parts;
    multiplySome<kRows, kVectors>(left.from(row), right, k,
                                  {block.values + row * block.stride, block.stride, end - row,
                                   block.columns, block.add, block.nonTemporal});
  }
}

/** block (+)= left × right, micro-panels over k values. */
inline void multiplyPanels(const LeftMicroPanel& left, const float* right, int k,
                           const Block& block) {
  constexpr int kColumns = kTileVectors * kLanes;
  for (int column = 0; column < block.columns; column += kColumns) {
    multiplyColumns(left, right + column, k,
                    {block.values + column, block.stride, block.rows, block.columns - column,
                     block.add, block.nonTemporal});
  }
}

}  // namespace karst
