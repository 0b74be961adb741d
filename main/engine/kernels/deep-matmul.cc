#include "deep-matmul.h"

#include <immintrin.h>

#include <algorithm>
#include <atomic>
#include <cstddef>

#include "scratch.h"
#include "tile-product.h"
#include "worker-team.h"

namespace karst {
namespace {

/** Numbers that a thread packs of both operands at a time: they stay in the L2 cache. */
constexpr std::size_t kPackedNumbers = 1 << 18;

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
    const int tilesAtATime =
        std::clamp(static_cast<int>(kPackedNumbers / (panels * kPanelStep)), 2, 32);
    BFloat16* packed = packedScratch.ofSize<BFloat16>(panels * tilesAtATime * kPanelStep);
    for (int start = from; start < to; start += tilesAtATime * kTileDepth) {
      const int end = std::min(to, start + tilesAtATime * kTileDepth);
      const int tiles = tilesOf(end - start);
      const std::size_t panelSize = tiles * kPanelStep;
      BFloat16* columns = packed + rowPanels() * panelSize;
      packPart<false>(left, {0, m, start, end, packed, panelSize});
      packPart<true>(right, {0, n, start, end, columns, panelSize});
      for (int j = 0; j < columnPanels(); ++j) {
        for (int i = 0; i < rowPanels(); ++i) {
          // All blocks are as if they were whole: what is too much is 0 or never read.
          multiplyPanels(packed + i * panelSize, columns + j * panelSize, tiles,
                         {blocks + (i * columnPanels() + j) * kBlock, kPanelLines, heightOf(m, i),
                          heightOf(n, j), start > from});
        }
      }
    }
  }

  /** Lines of the panel: those that fill its tiles. */
  static int heightOf(int lines, int panel) {
    return lines - panel * kPanelLines > kTileLines ? kPanelLines : kTileLines;
  }
};

}  // namespace

void deepMatmul(int m, int n, int depth, const Operand& left, const Operand& right, float* c) {
  const Slice slice{m, n, left, right};
  const int share = ceilDivide(tilesOf(depth), team().threads()) * kTileDepth;
  const int slices = ceilDivide(depth, share);
  const std::size_t sliceSize =
      static_cast<std::size_t>(slice.rowPanels()) * slice.columnPanels() * kBlock;
  float* sums = sumScratch.ofSize<float>(slices * sliceSize);
  std::atomic<int> next{0}, nextRow{0};
  team().run([&] {
    TileRegisters tiles;
    for (int s; (s = next++) < slices;)
      slice.multiply(s * share, std::min(depth, (s + 1) * share), sums + s * sliceSize);
  });
  team().run([&] {
    for (int panel; (panel = nextRow++) < slice.rowPanels();) {
      const int first = panel * kPanelLines;
      for (int row = first; row < std::min(m, first + kPanelLines); ++row) {
        for (int column = 0; column < n; column += kTileLines) {
          const float* block = sums +
                               (panel * slice.columnPanels() + column / kPanelLines) * kBlock +
                               (row - first) * kPanelLines + column % kPanelLines;
          __m512 sum = _mm512_load_ps(block);
          for (int s = 1; s < slices; ++s)
            sum = _mm512_add_ps(sum, _mm512_load_ps(block + s * sliceSize));
          _mm512_mask_storeu_ps(c + static_cast<std::size_t>(row) * n + column, firstOf(n - column),
                                sum);
        }
      }
    }
  });
}

}  // namespace karst
