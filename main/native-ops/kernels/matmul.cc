#include "matmul.h"

#include <immintrin.h>

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "deep-matmul.h"
#include "product.h"
#include "scratch.h"
#include "worker-team.h"

namespace karst {
namespace {

/** Bytes that a group of left panels may have: they stay in the L2 cache while all right panels
 * pass. */
constexpr std::size_t kGroupBytes = 3 << 18;
/** Steps along the depth that a left panel is packed for at a time. */
constexpr int kDepthBlock = 32;
/** Steps along the depth that a thread packs of the right operand at a time. */
constexpr int kStepsOfPart = 4;
/** Bytes of a result that would drive more useful things out of the caches. */
constexpr std::size_t kStreamedBytes = 1 << 20;
/** Depth from which on, and numbers of a result up to which, a product is cut along its depth. */
constexpr int kLeastDepth = 1024;
constexpr std::size_t kMostSums = 1 << 18;

thread_local Scratch leftScratch, rightScratch;

/** The matrices of one product of a batch, the right one packed by panel of columns for its whole
 * depth. */
struct Multiplication {
  const Product& size;
  Operand left, right;
  Packed* packed;
  float* c;

  int rowPanels() const { return ceilDivide(size.m, kPanelLines); }
  int columnPanels() const { return ceilDivide(size.n, kPanelLines); }
  std::size_t columnPanel(int panel, int step) const {
    return (static_cast<std::size_t>(panel) * stepsOf(size.k) + step) * kPanelStep;
  }
  /** Left panels that are multiplied with a right panel while that is near. */
  int group() const {
    const std::size_t panel = std::min(kDepthBlock, stepsOf(size.k)) * kPanelStep * sizeof(Packed);
    return std::clamp(static_cast<int>(kGroupBytes / panel), 1, 4);
  }
  /** Whether the rows of the result are whole lines of memory and more than the caches should keep.
   */
  bool streams() const {
    const std::size_t bytes = static_cast<std::size_t>(size.m) * size.n * sizeof(float);
    return bytes >= kStreamedBytes && stepsOf(size.k) <= kDepthBlock && size.n % 16 == 0 &&
           reinterpret_cast<std::uintptr_t>(c) % 64 == 0;
  }

  /** Parts into which the packing of the right operand is shared out. */
  int columnParts() const {
    return right.rowIsLine ? columnPanels() : ceilDivide(stepsOf(size.k), kStepsOfPart);
  }

  void packColumns(int part) const {
    const std::size_t panelSize = columnPanel(1, 0);
    if (right.rowIsLine) {
      const int first = part * kPanelLines;
      packPart<true>(right, {first, std::min(size.n, first + kPanelLines), 0, size.k,
                             packed + columnPanel(part, 0), panelSize});
    } else {
      const int step = part * kStepsOfPart, from = step * kStepDepth;
      const int to = std::min(size.k, from + kStepsOfPart * kStepDepth);
      packPart<true>(right, {0, size.n, from, to, packed + columnPanel(0, step), panelSize});
    }
  }

  void multiplyRows(int firstPanel, int panels) const {
    Packed* rows =
        leftScratch.ofSize<Packed>(panels * std::min(kDepthBlock, stepsOf(size.k)) * kPanelStep);
    for (int step = 0; step < stepsOf(size.k); step += kDepthBlock) {
      const int from = step * kStepDepth;
      const int depth = std::min(kDepthBlock * kStepDepth, size.k - from);
      const std::size_t panelSize = stepsOf(depth) * kPanelStep;
      const int first = firstPanel * kPanelLines;
      const LeftPanels lines(left, {first, std::min(size.m, first + panels * kPanelLines), from,
                                    from + depth, rows, panelSize});
      for (int j = 0; j < columnPanels(); ++j) {
        for (int p = 0; p < panels; ++p) {
          const int row = (firstPanel + p) * kPanelLines;
          const int column = j * kPanelLines;
          multiplyPanels(lines[p], packed + columnPanel(j, step), depth,
                         {c + static_cast<std::size_t>(row) * size.n + column,
                          static_cast<std::size_t>(size.n), std::min(kPanelLines, size.m - row),
                          std::min(kPanelLines, size.n - column), step > 0, streams()});
        }
      }
    }
  }
};

}  // namespace

void matmul(const Product& product, const float* a, const float* b, float* c) {
  const auto& [batch, m, n, k, transposeA, transposeB] = product;
  const std::size_t packedSize =
      static_cast<std::size_t>(ceilDivide(n, kPanelLines)) * stepsOf(k) * kPanelStep;
  const Operand left{a, static_cast<std::size_t>(transposeA ? m : k), !transposeA};
  const Operand right{b, static_cast<std::size_t>(transposeB ? k : n), transposeB};
  if (batch > 1) {
    std::atomic<int> next{0};
    team().run([&] {
      ProductUnit unit;
      for (int index; (index = next++) < product.batch;) {
        const auto i = static_cast<std::size_t>(index);
        const Multiplication one{product,
                                 {a + i * m * k, left.stride, left.rowIsLine},
                                 {b + i * k * n, right.stride, right.rowIsLine},
                                 rightScratch.ofSize<Packed>(packedSize),
                                 c + i * m * n};
        for (int j = 0; j < one.columnParts(); ++j) one.packColumns(j);
        for (int p = 0; p < one.rowPanels(); p += one.group())
          one.multiplyRows(p, std::min(one.group(), one.rowPanels() - p));
      }
      // What went past the caches is not in the order of other writes until then.
      _mm_sfence();
    });
    return;
  }
  if (k >= kLeastDepth && static_cast<std::size_t>(m) * n <= kMostSums) {
    deepMatmul(m, n, k, left, right, c);
    return;
  }
  const Multiplication one{product, left, right, rightScratch.ofSize<Packed>(packedSize), c};
  // Small groups where there are few rows, so that every thread gets some.
  const int group = std::clamp(one.rowPanels() / (4 * team().threads()), 1, one.group());
  std::atomic<int> nextPart{0}, packedParts{0}, nextPanel{0};
  team().run([&] {
    for (int j; (j = nextPart++) < one.columnParts(); ++packedParts) one.packColumns(j);
    while (packedParts < one.columnParts()) _mm_pause();
    ProductUnit unit;
    for (int panel; (panel = nextPanel.fetch_add(group)) < one.rowPanels();)
      one.multiplyRows(panel, std::min(group, one.rowPanels() - panel));
    _mm_sfence();
  });
}

}  // namespace karst
