#pragma once

#include <algorithm>
#include <cstddef>

#include "lanes.h"
#include "operand.h"

namespace karst {

/** Operands as they are: at each depth the values of all lines of a panel, one after the other. */
using Packed = float;

/** Numbers of a panel for the depth of a step. */
constexpr std::size_t kPanelStep = kPanelLines * kStepDepth;

/** A step of a panel: up to 32 lines of `x` from `line` on, at the depths [from, from + depth),
 * depth ≤ 32; lines that are missing are 0. Left and right operands lie alike. */
template <bool kRight>
void packStep(const Operand& x, int line, int lines, int from, int depth, float* step) {
  for (int first = 0; first < kPanelLines; first += kLanes) {
    const Some own = firstOf(lines - first);
    if (!x.rowIsLine) {
      const float* row = x.values + from * x.stride + line + first;
      for (int d = 0; d < depth; ++d)
        store(step + d * kPanelLines + first, load(row + d * x.stride, own));
      continue;
    }
    const float* row = x.values + (line + first) * x.stride + from;
    for (int start = 0; start < depth; start += kLanes) {
      Lanes square[kLanes];
      for (int i = 0; i < kLanes; ++i) {
        square[i] =
            first + i < lines ? load(row + i * x.stride + start, firstOf(depth - start)) : all(0);
      }
      transpose(square);
      for (int i = 0; i < std::min(kLanes, depth - start); ++i)
        store(step + (start + i) * kPanelLines + first, square[i]);
    }
  }
}

}  // namespace karst
