#pragma once

#include <algorithm>
#include <cstddef>

#include "operand.h"
#include "processor.h"

// The layout of a micro-panel; product.h multiplies them.
#ifdef __AMX_BF16__
#include "bfloat16-micro-panel.h"
#else
#include "float32-micro-panel.h"
#endif

namespace karst {

/** The range [mnBegin, mnEnd) × [kBegin, kEnd) of an operand and where its micro-panels go:
 * `panelSize` numbers from one to the next. */
struct Part {
  int mnBegin, mnEnd, kBegin, kEnd;
  Packed* panels;
  std::size_t panelSize;
};

/** Packs a part in the order of memory, kPanelWidth rows at a time, and prefetches the next ones
 * meanwhile. */
template <bool kRight>
void packPart(const Operand& x, const Part& part) {
  static_assert(kPanelWidth == kStepK, "so many rows of memory are a panel or a step");
  const int panels = ceilDivide(part.mnEnd - part.mnBegin, kPanelWidth);
  const int steps = stepsOf(part.kEnd - part.kBegin);
  const int across = x.contiguousK ? steps : panels, along = x.contiguousK ? panels : steps;
  const int firstRow = x.contiguousK ? part.mnBegin : part.kBegin;
  const int lastRow = x.contiguousK ? part.mnEnd : part.kEnd;
  const int column = x.contiguousK ? part.kBegin : part.mnBegin;
  const int columns = x.contiguousK ? part.kEnd - part.kBegin : part.mnEnd - part.mnBegin;
  for (int i = 0; i < along; ++i) {
    for (int j = 0; j < across; ++j) {
      const int next = firstRow + (i + 1) * kPanelWidth;
      const int end = std::min(lastRow, next + kPanelWidth * (j + 1) / across);
      for (int row = next + kPanelWidth * j / across; row < end; ++row) {
        const float* ahead = x.values + row * x.stride + column;
        for (int offset = 0; offset < columns; offset += 16) prefetch(ahead + offset);
      }
      const int panel = x.contiguousK ? i : j, step = x.contiguousK ? j : i;
      const int mn = part.mnBegin + panel * kPanelWidth;
      const int k = part.kBegin + step * kStepK;
      packStep<kRight>(x, mn, std::min(kPanelWidth, part.mnEnd - mn), k,
                       std::min(kStepK, part.kEnd - k),
                       part.panels + panel * part.panelSize + step * kPanelStep);
    }
  }
}

}  // namespace karst
