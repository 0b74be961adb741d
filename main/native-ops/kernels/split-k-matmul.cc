#include "split-k-matmul.h"

#include <algorithm>
#include <atomic>
#include <cstddef>

#include "product.h"
#include "scratch.h"
#include "thread-pool.h"
#include "vec.h"

namespace karst {
namespace {

/** Bytes of both operands that a thread packs at a time: they stay in the L2 cache. */
constexpr std::size_t kPackedBytes = 1 << 19;

/** Micro-panels of the larger operand that are packed together. */
constexpr int kGroup = 8;

constexpr std::size_t kBlock = kPanelWidth * kPanelWidth;

thread_local Scratch packedScratch, sumScratch;

/** The product over a slice of K, as blocks of kPanelWidth by kPanelWidth. */
struct Slice {
  int m, n;
  const Operand &left, &right;

  int rowPanels() const { return ceilDivide(m, kPanelWidth); }
  int columnPanels() const { return ceilDivide(n, kPanelWidth); }

  /** Packs the side with fewer micro-panels once per part of K, and the other one a group at a
   * time: a part can then be long, and each sum is loaded and stored seldom. */
  void multiply(int from, int to, float* blocks) const {
    const int few = std::min(rowPanels(), columnPanels());
    const int group = std::min(kGroup, std::max(rowPanels(), columnPanels()));
    const std::size_t bytesOfStep = (few + group) * kPanelStep * sizeof(Packed);
    const int stepsAtATime = std::clamp(static_cast<int>(kPackedBytes / bytesOfStep), 2, 32);
    Packed* packed = packedScratch.ofSize<Packed>((few + group) * stepsAtATime * kPanelStep);
    const bool manyRows = rowPanels() > columnPanels();
    const int rowGroup = manyRows ? group : rowPanels();
    const int columnGroup = manyRows ? columnPanels() : group;
    for (int start = from; start < to; start += stepsAtATime * kStepK) {
      const int end = std::min(to, start + stepsAtATime * kStepK);
      const std::size_t panelSize = stepsOf(end - start) * kPanelStep;
      Packed* columns = packed + rowGroup * panelSize;
      if (manyRows) packColumns(0, columnGroup, start, end, columns, panelSize);
      for (int i = 0; i < rowPanels(); i += rowGroup) {
        const LeftMicroPanels rows(left, {i * kPanelWidth, std::min(m, (i + rowGroup) * kPanelWidth),
                                          start, end, packed, panelSize});
        for (int j = 0; j < columnPanels(); j += columnGroup) {
          if (!manyRows) packColumns(j, columnGroup, start, end, columns, panelSize);
          multiplyGroup(rows, i, std::min(rowPanels(), i + rowGroup), columns, j,
                        std::min(columnPanels(), j + columnGroup), panelSize, end - start,
                        start > from, blocks);
        }
      }
    }
  }

  void packColumns(int first, int count, int start, int end, Packed* columns,
                   std::size_t panelSize) const {
    packPart<true>(right, {first * kPanelWidth, std::min(n, (first + count) * kPanelWidth), start,
                           end, columns, panelSize});
  }

  /** Multiplies the row panels from i0 to i1 with the column panels from j0 to j1, over a part of K. */
  void multiplyGroup(const LeftMicroPanels& rows, int i0, int i1, const Packed* columns, int j0,
                     int j1, std::size_t panelSize, int k, bool add, float* blocks) const {
    for (int j = j0; j < j1; ++j) {
      for (int i = i0; i < i1; ++i) {
        // Packed micro-panels count as whole vectors: the padding is 0 or never read.
        const int height =
            kReadsInPlace ? std::min(kPanelWidth, m - i * kPanelWidth) : heightOf(m, i);
        multiplyPanels(rows[i - i0], columns + (j - j0) * panelSize, k,
                       {blocks + (i * columnPanels() + j) * kBlock, kPanelWidth, height,
                        heightOf(n, j), add});
      }
    }
  }

  /** Rows (or columns) of a micro-panel, rounded up to whole vectors. */
  static int heightOf(int mn, int panel) {
    return std::min(kPanelWidth, ceilDivide(mn - panel * kPanelWidth, kLanes) * kLanes);
  }
};

}  // namespace

void splitKMatmul(int m, int n, int k, const Operand& left, const Operand& right, float* c) {
  const Slice slice{m, n, left, right};
  const int share = ceilDivide(stepsOf(k), threadPool().threads()) * kStepK;
  const int slices = ceilDivide(k, share);
  const std::size_t sliceSize =
      static_cast<std::size_t>(slice.rowPanels()) * slice.columnPanels() * kBlock;
  float* sums = sumScratch.ofSize<float>(slices * sliceSize);
  std::atomic<int> next{0}, nextRow{0};
  threadPool().run([&] {
    ProductUnit unit;
    for (int s; (s = next++) < slices;)
      slice.multiply(s * share, std::min(k, (s + 1) * share), sums + s * sliceSize);
  });
  threadPool().run([&] {
    for (int panel; (panel = nextRow++) < slice.rowPanels();) {
      const int first = panel * kPanelWidth;
      for (int row = first; row < std::min(m, first + kPanelWidth); ++row) {
        forEachVec(n, [&](int column, auto mask) {
          const float* block = sums +
                               (panel * slice.columnPanels() + column / kPanelWidth) * kBlock +
                               (row - first) * kPanelWidth + column % kPanelWidth;
          Vec total = load(block);
          for (int s = 1; s < slices; ++s) total += load(block + s * sliceSize);
          store(c + static_cast<std::size_t>(row) * n + column, total, mask);
        });
      }
    }
  });
}

}  // namespace karst
