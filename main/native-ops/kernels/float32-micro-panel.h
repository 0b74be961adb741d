#pragma once

#include <algorithm>
#include <cstddef>

#include "operand.h"
#include "vec.h"

namespace karst {

/** Unsplit float32 micro-panel, K-major: for each k, the row (or column) values are contiguous. */
using Packed = float;

/** Numbers of a micro-panel per step along K. */
constexpr std::size_t kPanelStep = kPanelWidth * kStepK;

/** Packs a step of a micro-panel: [mn, mn + mnCount) × [k, k + kCount) of `x`, counts at
 * most kPanelWidth. Missing rows or columns are 0. Left and right operands have the same layout. */
template <bool kRight>
void packStep(const Operand& x, int mn, int mnCount, int k, int kCount, float* step) {
  for (int first = 0; first < kPanelWidth; first += kLanes) {
    const Mask mask = firstN(mnCount - first);
    if (!x.contiguousK) {
      const float* row = x.values + k * x.stride + mn + first;
      for (int i = 0; i < kCount; ++i)
        store(step + i * kPanelWidth + first, load(row + i * x.stride, mask));
      continue;
    }
    const float* row = x.values + (mn + first) * x.stride + k;
    for (int start = 0; start < kCount; start += kLanes) {
      Vec square[kLanes];
      for (int i = 0; i < kLanes; ++i) {
        square[i] = first + i < mnCount ? load(row + i * x.stride + start, firstN(kCount - start))
                                        : broadcast(0);
      }
      transpose(square);
      for (int i = 0; i < std::min(kLanes, kCount - start); ++i)
        store(step + (start + i) * kPanelWidth + first, square[i]);
    }
  }
}

}  // namespace karst
