#include "split-matmul.h"

#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

#include "split-panel.h"
#include "worker-team.h"

namespace karst {
namespace {

/** Panels of rows that are multiplied with a right panel while that is near. */
constexpr int kGroup = 4;
/** Tiles along the depth that a left panel is packed for at a time: what a group holds then stays
 * in the L2 cache. */
constexpr int kDepthBlock = 32;
/** Tiles along the depth that a thread packs of the right operand at a time. */
constexpr int kTilesOfPart = 4;

constexpr int ceilDivide(int a, int b) { return (a + b - 1) / b; }

/** Memory of a thread that is kept from one product to the next. */
class Scratch {
 public:
  ~Scratch() { std::free(numbers_); }
  BFloat16* ofSize(std::size_t size) {
    if (size > size_) {
      std::free(numbers_);
      size_ = size;
      const std::size_t bytes = (size * sizeof(BFloat16) + 63) / 64 * 64;
      numbers_ = static_cast<BFloat16*>(std::aligned_alloc(64, bytes));
      if (numbers_ == nullptr) throw std::bad_alloc();
    }
    return numbers_;
  }

 private:
  BFloat16* numbers_ = nullptr;
  std::size_t size_ = 0;
};

thread_local Scratch leftScratch, rightScratch;

/** Threads as TensorFlow is told to use; they live as long as the process. */
WorkerTeam& team() {
  static WorkerTeam& shared = *new WorkerTeam([] {
    const char* wanted = std::getenv("TF_NUM_INTRAOP_THREADS");
    const int threads = wanted == nullptr ? 0 : std::atoi(wanted);
    return threads > 0 ? threads : static_cast<int>(std::thread::hardware_concurrency());
  }());
  return shared;
}

/** Eight tiles of 16 rows of 64 bytes, for as long as it lives. */
class TileRegisters {
 public:
  TileRegisters() {
    struct alignas(64) {
      std::uint8_t palette = 1, start = 0, reserved[14] = {};
      std::uint16_t bytes[16] = {};
      std::uint8_t rows[16] = {};
    } layout;
    for (int i = 0; i < 8; ++i) {
      layout.bytes[i] = 64;
      layout.rows[i] = kTileLines;
    }
    _tile_loadconfig(&layout);
  }
  ~TileRegisters() { _tile_release(); }
};

/**
 * c (32, 32), or `rows` by `columns` of it, (+)= a left panel times a right panel of `tiles` steps.
 * Of panels with at most 16 rows (`!kTall`) or columns (`!kWide`) only the first tile is
 * multiplied.
 */
template <bool kTall, bool kWide>
void multiplyTiles(const BFloat16* left, const BFloat16* right, int tiles, float* c,
                   std::size_t stride, int rows, int columns, bool add) {
  alignas(64) float spare[kPanelLines * kPanelLines];
  const bool whole =
      rows == (kTall ? kPanelLines : kTileLines) && columns == (kWide ? kPanelLines : kTileLines);
  float* out = whole ? c : spare;
  const std::size_t step = whole ? stride : kPanelLines;
  const std::size_t bytes = step * sizeof(float);
  float* below = out + kTileLines * step;
  if (add) {
    for (int i = 0; !whole && i < rows; ++i)
      std::memcpy(spare + i * kPanelLines, c + i * stride, columns * sizeof(float));
    _tile_loadd(0, out, bytes);
    if constexpr (kWide) _tile_loadd(1, out + kTileLines, bytes);
    if constexpr (kTall) _tile_loadd(2, below, bytes);
    if constexpr (kTall && kWide) _tile_loadd(3, below + kTileLines, bytes);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  for (int t = 0; t < tiles; ++t, left += kPanelStep, right += kPanelStep) {
    // low · high, then high · high, then high · low: a step loads each of its eight tiles once.
    _tile_loadd(4, left + 2 * kTile, 64);
    _tile_loadd(6, right, 64);
    _tile_dpbf16ps(0, 4, 6);
    if constexpr (kWide) _tile_loadd(7, right + kTile, 64);
    if constexpr (kWide) _tile_dpbf16ps(1, 4, 7);
    if constexpr (kTall) _tile_loadd(5, left + 3 * kTile, 64);
    if constexpr (kTall) _tile_dpbf16ps(2, 5, 6);
    if constexpr (kTall && kWide) _tile_dpbf16ps(3, 5, 7);
    _tile_loadd(4, left, 64);
    _tile_dpbf16ps(0, 4, 6);
    if constexpr (kWide) _tile_dpbf16ps(1, 4, 7);
    if constexpr (kTall) _tile_loadd(5, left + kTile, 64);
    if constexpr (kTall) _tile_dpbf16ps(2, 5, 6);
    if constexpr (kTall && kWide) _tile_dpbf16ps(3, 5, 7);
    _tile_loadd(6, right + 2 * kTile, 64);
    _tile_dpbf16ps(0, 4, 6);
    if constexpr (kTall) _tile_dpbf16ps(2, 5, 6);
    if constexpr (kWide) _tile_loadd(7, right + 3 * kTile, 64);
    if constexpr (kWide) _tile_dpbf16ps(1, 4, 7);
    if constexpr (kTall && kWide) _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, out, bytes);
  if constexpr (kWide) _tile_stored(1, out + kTileLines, bytes);
  if constexpr (kTall) _tile_stored(2, below, bytes);
  if constexpr (kTall && kWide) _tile_stored(3, below + kTileLines, bytes);
  for (int i = 0; !whole && i < rows; ++i)
    std::memcpy(c + i * stride, spare + i * kPanelLines, columns * sizeof(float));
}

void multiplyPanels(const BFloat16* left, const BFloat16* right, int tiles, float* c,
                    std::size_t stride, int rows, int columns, bool add) {
  const bool tall = rows > kTileLines, wide = columns > kTileLines;
  const auto multiply = tall ? (wide ? multiplyTiles<true, true> : multiplyTiles<true, false>)
                             : (wide ? multiplyTiles<false, true> : multiplyTiles<false, false>);
  multiply(left, right, tiles, c, stride, rows, columns, add);
}

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
    BFloat16* rows = leftScratch.ofSize(kGroup * kDepthBlock * kPanelStep);
    for (int tile = 0; tile < tilesOf(size.k); tile += kDepthBlock) {
      const int tiles = std::min(kDepthBlock, tilesOf(size.k) - tile);
      const int from = tile * kTileDepth;
      const auto height = [&](int panel) {
        return std::min(kPanelLines, size.m - (firstPanel + panel) * kPanelLines);
      };
      const int first = firstPanel * kPanelLines;
      packPart<false>(left,
                      {first, std::min(size.m, first + panels * kPanelLines), from,
                       std::min(size.k, from + tiles * kTileDepth), rows, tiles * kPanelStep});
      for (int j = 0; j < columnPanels(); ++j) {
        for (int p = 0; p < panels; ++p) {
          const std::size_t row = static_cast<std::size_t>(firstPanel + p) * kPanelLines;
          multiplyPanels(rows + p * tiles * kPanelStep, packed + columnPanel(j, tile), tiles,
                         c + row * size.n + j * kPanelLines, size.n, height(p),
                         std::min(kPanelLines, size.n - j * kPanelLines), tile > 0);
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
  const auto multiplication = [&](int index) {
    const auto i = static_cast<std::size_t>(index);
    return Multiplication{
        product,
        {a + i * m * k, static_cast<std::size_t>(product.transposeA ? m : k), !product.transposeA},
        {b + i * k * n, static_cast<std::size_t>(product.transposeB ? k : n), product.transposeB},
        rightScratch.ofSize(packedSize),
        c + i * m * n};
  };
  if (batch > 1) {
    std::atomic<int> next{0};
    team().run([&] {
      TileRegisters tiles;
      for (int i; (i = next++) < product.batch;) {
        const Multiplication one = multiplication(i);
        for (int j = 0; j < one.columnParts(); ++j) one.packColumns(j);
        for (int p = 0; p < one.rowPanels(); p += kGroup)
          one.multiplyRows(p, std::min(kGroup, one.rowPanels() - p));
      }
    });
    return;
  }
  const Multiplication one = multiplication(0);
  // Small groups where there are few rows, so that every thread gets some.
  const int group = std::clamp(one.rowPanels() / (4 * team().threads()), 1, kGroup);
  std::atomic<int> nextPart{0}, packedParts{0}, nextGroup{0};
  team().run([&] {
    for (int j; (j = nextPart++) < one.columnParts(); ++packedParts) one.packColumns(j);
    while (packedParts < one.columnParts()) _mm_pause();
    TileRegisters tiles;
    for (int p; (p = group * nextGroup++) < one.rowPanels();)
      one.multiplyRows(p, std::min(group, one.rowPanels() - p));
  });
}

}  // namespace karst
