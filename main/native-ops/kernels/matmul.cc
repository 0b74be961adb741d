#include "matmul.h"

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "processor.h"
#include "product.h"
#include "scratch.h"
#include "split-k-matmul.h"
#include "thread-pool.h"

namespace karst {
namespace {

/** Bytes of a group of left micro-panels: they stay in the L2 cache while all right ones are
 * multiplied with them. */
constexpr std::size_t kGroupBytes = 3 << 18;
/** The block size along K (BLIS: KC), in steps: 1024 values, or 768 with AVX2. */
constexpr int kBlockSteps = 32;
/** Steps along K that a thread packs of the right operand at a time. */
constexpr int kStepsOfPart = 4;
/** Bytes from which on a result is stored past the caches, not to evict more useful data. */
constexpr std::size_t kNonTemporalBytes = 1 << 20;
/** Split-K is used from this k on and up to so many numbers of a result. */
constexpr int kMinSplitK = 1024;
constexpr std::size_t kMaxSplitKResult = 1 << 18;

thread_local Scratch leftScratch, rightScratch;

/** One product of a batch. The right operand is packed into micro-panels over all of K. */
struct Multiplication {
  const Product& size;
  Operand left, right;
  Packed* packed;
  float* c;

  int rowPanels() const { return ceilDivide(size.m, kPanelWidth); }
  int columnPanels() const { return ceilDivide(size.n, kPanelWidth); }
  std::size_t columnPanel(int panel, int step) const {
    return (static_cast<std::size_t>(panel) * stepsOf(size.k) + step) * kPanelStep;
  }
  /** Left micro-panels that are multiplied with a right one while it is in the L1 cache. */
  int group() const {
    const std::size_t panel = std::min(kBlockSteps, stepsOf(size.k)) * kPanelStep * sizeof(Packed);
    return std::clamp(static_cast<int>(kGroupBytes / panel), 1, 4);
  }
  /** Whether the result consists of whole cache lines and is too large to be worth caching. */
  bool storesNonTemporal() const {
    const std::size_t bytes = static_cast<std::size_t>(size.m) * size.n * sizeof(float);
    return kPanelWidth % 16 == 0 && bytes >= kNonTemporalBytes &&
           stepsOf(size.k) <= kBlockSteps && size.n % 16 == 0 &&
           reinterpret_cast<std::uintptr_t>(c) % 64 == 0;
  }

  /** Units of work of packing the right operand. */
  int columnParts() const {
    return right.contiguousK ? columnPanels() : ceilDivide(stepsOf(size.k), kStepsOfPart);
  }

  void packColumns(int part) const {
    const std::size_t panelSize = columnPanel(1, 0);
    if (right.contiguousK) {
      const int first = part * kPanelWidth;
      packPart<true>(right, {first, std::min(size.n, first + kPanelWidth), 0, size.k,
                             packed + columnPanel(part, 0), panelSize});
    } else {
      const int step = part * kStepsOfPart, from = step * kStepK;
      const int to = std::min(size.k, from + kStepsOfPart * kStepK);
      packPart<true>(right, {0, size.n, from, to, packed + columnPanel(0, step), panelSize});
    }
  }

  void multiplyRows(int firstPanel, int panels) const {
    Packed* rows =
        leftScratch.ofSize<Packed>(panels * std::min(kBlockSteps, stepsOf(size.k)) * kPanelStep);
    for (int step = 0; step < stepsOf(size.k); step += kBlockSteps) {
      const int from = step * kStepK;
      const int k = std::min(kBlockSteps * kStepK, size.k - from);
      const std::size_t panelSize = stepsOf(k) * kPanelStep;
      const int first = firstPanel * kPanelWidth;
      const LeftMicroPanels lefts(left, {first, std::min(size.m, first + panels * kPanelWidth),
                                         from, from + k, rows, panelSize});
      for (int j = 0; j < columnPanels(); ++j) {
        for (int p = 0; p < panels; ++p) {
          const int row = (firstPanel + p) * kPanelWidth;
          const int column = j * kPanelWidth;
          multiplyPanels(lefts[p], packed + columnPanel(j, step), k,
                         {c + static_cast<std::size_t>(row) * size.n + column,
                          static_cast<std::size_t>(size.n), std::min(kPanelWidth, size.m - row),
                          std::min(kPanelWidth, size.n - column), step > 0, storesNonTemporal()});
        }
      }
    }
  }
};

}  // namespace

void matmul(const Product& product, const float* a, const float* b, float* c) {
  const auto& [batch, m, n, k, transposeA, transposeB] = product;
  const std::size_t packedSize =
      static_cast<std::size_t>(ceilDivide(n, kPanelWidth)) * stepsOf(k) * kPanelStep;
  const Operand left{a, static_cast<std::size_t>(transposeA ? m : k), !transposeA};
  const Operand right{b, static_cast<std::size_t>(transposeB ? k : n), transposeB};
  if (batch > 1) {
    std::atomic<int> next{0};
    threadPool().run([&] {
      ProductUnit unit;
      for (int index; (index = next++) < product.batch;) {
        const auto i = static_cast<std::size_t>(index);
        const Multiplication one{product,
                                 {a + i * m * k, left.stride, left.contiguousK},
                                 {b + i * k * n, right.stride, right.contiguousK},
                                 rightScratch.ofSize<Packed>(packedSize),
                                 c + i * m * n};
        for (int j = 0; j < one.columnParts(); ++j) one.packColumns(j);
        for (int p = 0; p < one.rowPanels(); p += one.group())
          one.multiplyRows(p, std::min(one.group(), one.rowPanels() - p));
      }
      finishNonTemporalStores();
    });
    return;
  }
  if (k >= kMinSplitK && static_cast<std::size_t>(m) * n <= kMaxSplitKResult) {
    splitKMatmul(m, n, k, left, right, c);
    return;
  }
  const Multiplication one{product, left, right, rightScratch.ofSize<Packed>(packedSize), c};
  // Smaller groups where there are few rows, so that every thread has work.
  const int group = std::clamp(one.rowPanels() / (4 * threadPool().threads()), 1, one.group());
  std::atomic<int> nextPart{0}, packedParts{0}, nextPanel{0};
  threadPool().run([&] {
    for (int j; (j = nextPart++) < one.columnParts(); ++packedParts) one.packColumns(j);
    while (packedParts < one.columnParts()) spinHint();
    ProductUnit unit;
    for (int panel; (panel = nextPanel.fetch_add(group)) < one.rowPanels();)
      one.multiplyRows(panel, std::min(group, one.rowPanels() - panel));
    finishNonTemporalStores();
  });
}

}  // namespace karst
