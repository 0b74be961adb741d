#include "split-matmul.h"

#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "deep-matmul.h"
#include "scratch.h"
#include "split-panel.h"
#include "tile-product.h"
#include "worker-team.h"

namespace karst {
namespace {

/** Numbers that a group of left panels may have: they stay in the L2 cache while all right panels
 * pass. */
constexpr std::size_t kGroupNumbers = 3 << 17;
/** Tiles along the depth that a left panel is packed for at a time. */
constexpr int kDepthBlock = 32;
/** Tiles along the depth that a thread packs of the right operand at a time. */
constexpr int kTilesOfPart = 4;
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
  BFloat16* packed;
  float* c;

  int rowPanels() const { return ceilDivide(size.m, kPanelLines); }
  int columnPanels() const { return ceilDivide(size.n, kPanelLines); }
  std::size_t columnPanel(int panel, int tile) const {
    return (static_cast<std::size_t>(panel) * tilesOf(size.k) + tile) * kPanelStep;
  }
  /** Left panels that are multiplied with a right panel while that is near. */
  int group() const {
    const std::size_t panel = std::min(kDepthBlock, tilesOf(size.k)) * kPanelStep;
    return std::clamp(static_cast<int>(kGroupNumbers / panel), 1, 4);
  }
  /** Whether the rows of the result are whole lines of memory and more than the caches should keep.
   */
  bool streams() const {
    const std::size_t bytes = static_cast<std::size_t>(size.m) * size.n * sizeof(float);
    return bytes >= kStreamedBytes && tilesOf(size.k) <= kDepthBlock && size.n % 16 == 0 &&
           reinterpret_cast<std::uintptr_t>(c) % 64 == 0;
  }

  /** Parts into which the packing of the right operand is shared out. */
  int columnParts() const {
    return right.rowIsLine ? columnPanels() : ceilDivide(tilesOf(size.k), kTilesOfPart);
  }

  void packColumns(int part) const {
    const std::size_t panelSize = columnPanel(1, 0);
    if (right.rowIsLine) {
      const int first = part * kPanelLines;
      packPart<true>(right, {first, std::min(size.n, first + kPanelLines), 0, size.k,
                             packed + columnPanel(part, 0), panelSize});
    } else {
      const int tile = part * kTilesOfPart, from = tile * kTileDepth;
      const int to = std::min(size.k, from + kTilesOfPart * kTileDepth);
      packPart<true>(right, {0, size.n, from, to, packed + columnPanel(0, tile), panelSize});
    }
  }

  void multiplyRows(int firstPanel, int panels) const {
    BFloat16* rows =
        leftScratch.ofSize<BFloat16>(panels * std::min(kDepthBlock, tilesOf(size.k)) * kPanelStep);
    for (int tile = 0; tile < tilesOf(size.k); tile += kDepthBlock) {
      const int tiles = std::min(kDepthBlock, tilesOf(size.k) - tile);
      const int from = tile * kTileDepth;
      const int first = firstPanel * kPanelLines;
      packPart<false>(left,
                      {first, std::min(size.m, first + panels * kPanelLines), from,
                       std::min(size.k, from + tiles * kTileDepth), rows, tiles * kPanelStep});
      for (int j = 0; j < columnPanels(); ++j) {
        for (int p = 0; p < panels; ++p) {
          const int row = (firstPanel + p) * kPanelLines;
          const int column = j * kPanelLines;
          multiplyPanels(rows + p * tiles * kPanelStep, packed + columnPanel(j, tile), tiles,
                         {c + static_cast<std::size_t>(row) * size.n + column,
                          static_cast<std::size_t>(size.n), std::min(kPanelLines, size.m - row),
                          std::min(kPanelLines, size.n - column), tile > 0, streams()});
        }
      }
    }
  }
};

}  // namespace

bool requestTiles() {
  constexpr int kRequestPermission = 0x1023, kTileData = 18;  // arch_prctl(2), ARCH_REQ_XCOMP_PERM
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

void splitMatmul(const Product& product, const float* a, const float* b, float* c) {
  const auto& [batch, m, n, k, transposeA, transposeB] = product;
  const std::size_t packedSize =
      static_cast<std::size_t>(ceilDivide(n, kPanelLines)) * tilesOf(k) * kPanelStep;
  const Operand left{a, static_cast<std::size_t>(transposeA ? m : k), !transposeA};
  const Operand right{b, static_cast<std::size_t>(transposeB ? k : n), transposeB};
  if (batch > 1) {
    std::atomic<int> next{0};
    team().run([&] {
      TileRegisters tiles;
      for (int index; (index = next++) < product.batch;) {
        const auto i = static_cast<std::size_t>(index);
        const Multiplication one{product,
                                 {a + i * m * k, left.stride, left.rowIsLine},
                                 {b + i * k * n, right.stride, right.rowIsLine},
                                 rightScratch.ofSize<BFloat16>(packedSize),
                                 c + i * m * n};
        for (int j = 0; j < one.columnParts(); ++j) one.packColumns(j);
        for (int p = 0; p < one.rowPanels(); p += one.group())
          one.multiplyRows(p, std::min(one.group(), one.rowPanels() - p));
      }
    });
    return;
  }
  if (k >= kLeastDepth && static_cast<std::size_t>(m) * n <= kMostSums) {
    deepMatmul(m, n, k, left, right, c);
    return;
  }
  const Multiplication one{product, left, right, rightScratch.ofSize<BFloat16>(packedSize), c};
  // Small groups where there are few rows, so that every thread gets some.
  const int group = std::clamp(one.rowPanels() / (4 * team().threads()), 1, one.group());
  std::atomic<int> nextPart{0}, packedParts{0}, nextPanel{0};
  team().run([&] {
    for (int j; (j = nextPart++) < one.columnParts(); ++packedParts) one.packColumns(j);
    while (packedParts < one.columnParts()) _mm_pause();
    TileRegisters tiles;
    for (int panel; (panel = nextPanel.fetch_add(group)) < one.rowPanels();)
      one.multiplyRows(panel, std::min(group, one.rowPanels() - panel));
    _mm_sfence();
  });
}

}  // namespace karst
