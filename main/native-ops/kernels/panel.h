#pragma once

#include <immintrin.h>

#include <algorithm>
#include <cstddef>

#include "operand.h"

// How a panel lies; product.h has how panels are multiplied.
#ifdef __AMX_BF16__
#include "split-panel.h"
#else
#include "float-panel.h"
#endif

namespace karst {

/** Lines [first, last) at the depths [from, to), and where their panels go: `panelSize` numbers
 * from one to the next. */
struct Part {
  int first, last, from, to;
  Packed* panels;
  std::size_t panelSize;
};

/** Packs a part in the order in which its values lie in memory: 32 rows of the memory after 32
 * others, of which the next ones are asked for meanwhile. */
template <bool kRight>
void packPart(const Operand& x, const Part& part) {
  static_assert(kPanelLines == kStepDepth, "a row is a line or a depth");
  const int panels = ceilDivide(part.last - part.first, kPanelLines);
  const int steps = stepsOf(part.to - part.from);
  const int across = x.rowIsLine ? steps : panels, along = x.rowIsLine ? panels : steps;
  const int firstRow = x.rowIsLine ? part.first : part.from;
  const int lastRow = x.rowIsLine ? part.last : part.to;
  const int column = x.rowIsLine ? part.from : part.first;
  const int columns = x.rowIsLine ? part.to - part.from : part.last - part.first;
  for (int i = 0; i < along; ++i) {
    for (int j = 0; j < across; ++j) {
      const int next = firstRow + (i + 1) * kPanelLines;
      const int end = std::min(lastRow, next + kPanelLines * (j + 1) / across);
      for (int row = next + kPanelLines * j / across; row < end; ++row) {
        const float* ahead = x.values + row * x.stride + column;
        for (int k = 0; k < columns; k += 16) _mm_prefetch(ahead + k, _MM_HINT_T1);
      }
      const int panel = x.rowIsLine ? i : j, step = x.rowIsLine ? j : i;
      const int line = part.first + panel * kPanelLines;
      const int from = part.from + step * kStepDepth;
      packStep<kRight>(x, line, std::min(kPanelLines, part.last - line), from,
                       std::min(kStepDepth, part.to - from),
                       part.panels + panel * part.panelSize + step * kPanelStep);
    }
  }
}

}  // namespace karst
