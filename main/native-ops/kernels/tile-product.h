#pragma once

#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "micro-panel.h"
#include "operand.h"

namespace karst {

/** Asks Linux for the use of AMX tiles, once a process. @returns whether it is granted */
inline bool requestProductUnits() {
  constexpr int kRequestPermission = 0x1023, kTileData = 18;  // arch_prctl(2), ARCH_REQ_XCOMP_PERM
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

/** State that a multiplying thread holds: a tile configuration, eight tiles of 16 rows of 64 bytes.
 */
class ProductUnit {
 public:
  ProductUnit() {
    struct alignas(64) {
      std::uint8_t palette = 1, start = 0, reserved[14] = {};
      std::uint16_t bytes[16] = {};
      std::uint8_t rows[16] = {};
    } layout;
    for (int i = 0; i < 8; ++i) {
      layout.bytes[i] = 64;
      layout.rows[i] = kTileWidth;
    }
    _tile_loadconfig(&layout);
  }
  ProductUnit(const ProductUnit&) = delete;
  ProductUnit& operator=(const ProductUnit&) = delete;
  ~ProductUnit() { _tile_release(); }
};

/** Whether left operands can be multiplied without packing: tiles cannot. */
constexpr bool kReadsInPlace = false;

/** A micro-panel of a left operand. */
struct LeftMicroPanel {
  const Packed* values;

  static LeftMicroPanel packed(const Packed* panel) { return {panel}; }
};

/** Packed micro-panels of a left operand. */
class LeftMicroPanels {
 public:
  LeftMicroPanels(const Operand& x, const Part& part) : part_(part) { packPart<false>(x, part); }

  LeftMicroPanel operator[](int panel) const {
    return LeftMicroPanel::packed(part_.panels + panel * part_.panelSize);
  }

 private:
  Part part_;
};

/**
 * The micro-kernel: block (+)= left × right over `tiles` steps of K. Only the first tile is used of
 * a left micro-panel with at most 16 rows (`!kTall`), or a right one with at most 16 columns
 * (`!kWide`).
 */
template <bool kTall, bool kWide>
void multiplyTiles(const BFloat16* left, const BFloat16* right, int tiles, const Block& block) {
  alignas(64) float spare[kPanelWidth * kPanelWidth];
  const bool whole = block.rows == (kTall ? kPanelWidth : kTileWidth) &&
                     block.columns == (kWide ? kPanelWidth : kTileWidth);
  const bool direct = whole && !block.nonTemporal;
  const auto each = [&](auto&& copy) {
    for (int i = 0; i < block.rows; ++i)
      copy(spare + i * kPanelWidth, block.values + i * block.stride);
  };
  float* out = direct ? block.values : spare;
  const std::size_t step = direct ? block.stride : kPanelWidth;
  const std::size_t bytes = step * sizeof(float);
  float* below = out + kTileWidth * step;
  if (block.add) {
    if (!direct) {
      each([&](float* from, const float* to) {
        std::memcpy(from, to, block.columns * sizeof(float));
      });
    }
    _tile_loadd(0, out, bytes);
    if constexpr (kWide) _tile_loadd(1, out + kTileWidth, bytes);
    if constexpr (kTall) _tile_loadd(2, below, bytes);
    if constexpr (kTall && kWide) _tile_loadd(3, below + kTileWidth, bytes);
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
  if constexpr (kWide) _tile_stored(1, out + kTileWidth, bytes);
  if constexpr (kTall) _tile_stored(2, below, bytes);
  if constexpr (kTall && kWide) _tile_stored(3, below + kTileWidth, bytes);
  if (block.nonTemporal) {
    each([&](const float* from, float* to) {
      for (int i = 0; i < block.columns; i += 16)
        _mm512_stream_ps(to + i, _mm512_load_ps(from + i));
    });
  } else if (!whole) {
    each([&](const float* from, float* to) {
      std::memcpy(to, from, block.columns * sizeof(float));
    });
  }
}

/** block (+)= left × right, micro-panels over k values. */
inline void multiplyPanels(const LeftMicroPanel& left, const BFloat16* right, int k,
                           const Block& block) {
  const bool tall = block.rows > kTileWidth, wide = block.columns > kTileWidth;
  const auto multiply = tall ? (wide ? multiplyTiles<true, true> : multiplyTiles<true, false>)
                             : (wide ? multiplyTiles<false, true> : multiplyTiles<false, false>);
  multiply(left.values, right, stepsOf(k), block);
}

}  // namespace karst
