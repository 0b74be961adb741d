#include "deep-matmul.h"

#include <algorithm>
#include <atomic>
#include <cstddef>

#include "lanes.h"
#include "product.h"
#include "scratch.h"
#include "worker-team.h"

namespace karst {
namespace {

/** Bytes that a thread packs of both operands at a time: they stay in the L2 cache. */
constexpr std::size_t kPackedBytes = 1 << 19;

constexpr std::size_t kBlock = kPanelLines * kPanelLines;

thread_local Scratch packedScratch, sumScratch;

/** The product over some of the depth, as blocks of 32 by 32. */
struct Slice {
  int m, n;
  const Operand &left, &right;

  int rowPanels() const { return ceilDivide(m, kPanelLines); }
  int columnPanels() const { return ceilDivide(n, kPanelLines); }

  void multiply(int from, int to, float* blocks) const {
    const int panels = rowPanels() + columnPanels();
    const std::size_t bytesOfStep = panels * kPanelStep * sizeof(Packed);
    const int stepsAtATime = std::clamp(static_cast<int>(kPackedBytes / bytesOfStep), 2, 32);
    Packed* packed = packedScratch.ofSize<Packed>(panels * stepsAtATime * kPanelStep);
    for (int start = from; start < to; start += stepsAtATime * kStepDepth) {
      const int end = std::min(to, start + stepsAtATime * kStepDepth);
      const std::size_t panelSize = stepsOf(end - start) * kPanelStep;
      Packed* columns = packed + rowPanels() * panelSize;
      const LeftPanels rows(left, {0, m, start, end, packed, panelSize});
      packPart<true>(right, {0, n, start, end, columns, panelSize});
      for (int j = 0; j < columnPanels(); ++j) {
        for (int i = 0; i < rowPanels(); ++i) {
          // Packed panels are as if they were whole: what is too much is 0 or never read.
          const int height =
              kReadsInPlace ? std::min(kPanelLines, m - i * kPanelLines) : heightOf(m, i);
          multiplyPanels(rows[i], columns + j * panelSize, end - start,
                         {blocks + (i * columnPanels() + j) * kBlock, kPanelLines, height,
                          heightOf(n, j), start > from});
        }
      }
    }
  }

  /** Lines of the panel: those that fill all of it or half. */
  static int heightOf(int lines, int panel) {
    constexpr int kHalf = kPanelLines / 2;
    return lines - panel * kPanelLines > kHalf ? kPanelLines : kHalf;
  }
};

}  // namespace

void deepMatmul(int m, int n, int depth, const Operand& left, const Operand& right, float* c) {
  const Slice slice{m, n, left, right};
  const int share = ceilDivide(stepsOf(depth), team().threads()) * kStepDepth;
  const int slices = ceilDivide(depth, share);
  const std::size_t sliceSize =
      static_cast<std::size_t>(slice.rowPanels()) * slice.columnPanels() * kBlock;
  float* sums = sumScratch.ofSize<float>(slices * sliceSize);
  std::atomic<int> next{0}, nextRow{0};
  team().run([&] {
    ProductUnit unit;
    for (int s; (s = next++) < slices;)
      slice.multiply(s * share, std::min(depth, (s + 1) * share), sums + s * sliceSize);
  });
  team().run([&] {
    for (int panel; (panel = nextRow++) < slice.rowPanels();) {
      const int first = panel * kPanelLines;
      for (int row = first; row < std::min(m, first + kPanelLines); ++row) {
        eachLanes(n, [&](int column, auto own) {
          const float* block = sums +
                               (panel * slice.columnPanels() + column / kPanelLines) * kBlock +
                               (row - first) * kPanelLines + column % kPanelLines;
          Lanes total = load(block);
          for (int s = 1; s < slices; ++s) total += load(block + s * sliceSize);
          store(c + static_cast<std::size_t>(row) * n + column, total, own);
        });
      }
    }
  });
}

}  // namespace karst
