#pragma once

#include <immintrin.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "lanes.h"

namespace karst {

/**
 * Operands as AMX tiles (Intel SDM, volume 1, chapter 18): a float x is kept as two bfloat16
 * numbers, high = x rounded and low = x − high rounded, which leaves a relative error of 2⁻¹⁶.
 */
using BFloat16 = std::uint16_t;

/** Values that a tile holds along the depth of a product. */
constexpr int kTileDepth = 32;
/** Rows of a left or columns of a right operand in a tile. */
constexpr int kTileLines = 16;
/** Numbers in a tile. */
constexpr std::size_t kTile = kTileDepth * kTileLines;
/** Lines of a panel: two tiles. */
constexpr int kPanelLines = 2 * kTileLines;
/** Numbers of a panel for one tile's depth: the high and then the low parts of its two tiles. */
constexpr std::size_t kPanelStep = 4 * kTile;

/** A matrix as lines (rows of the left, columns of the right operand) of values along the depth. */
struct Operand {
  const float* values;
  /** Floats from one row of the memory to the next. */
  std::size_t stride;
  /** Whether a row of the memory is a line, and not the values of all lines at one depth. */
  bool rowIsLine;
};

namespace packing {

inline __m512 widened(__m256i halves) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
}

inline __m512 less(__m512 x, __m256i high) { return _mm512_sub_ps(x, widened(high)); }

/** Sixteen numbers of two depths, as pairs. */
inline __m512i paired(__m256i even, __m256i odd) {
  return _mm512_or_si512(_mm512_cvtepu16_epi32(even),
                         _mm512_slli_epi32(_mm512_cvtepu16_epi32(odd), 16));
}

/** A matrix of 16 by 16 numbers of 32 bits, transposed in place. */
inline void transpose(__m512i r[16]) {
  __m512i t[16];
  for (int i = 0; i < 8; ++i) {
    t[2 * i] = _mm512_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
    t[2 * i + 1] = _mm512_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
  }
  for (int i = 0; i < 4; ++i) {
    r[4 * i] = _mm512_unpacklo_epi64(t[4 * i], t[4 * i + 2]);
    r[4 * i + 1] = _mm512_unpackhi_epi64(t[4 * i], t[4 * i + 2]);
    r[4 * i + 2] = _mm512_unpacklo_epi64(t[4 * i + 1], t[4 * i + 3]);
    r[4 * i + 3] = _mm512_unpackhi_epi64(t[4 * i + 1], t[4 * i + 3]);
  }
  for (int i = 0; i < 4; ++i) {
    t[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
    t[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
  }
  for (int i = 0; i < 8; ++i) {
    r[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
    r[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
  }
}

/** The high and low tile of `lines` ≤ 16 lines from `values`, `depth` ≤ 32 deep; what is missing is
 * 0. */
template <bool kRowIsLine, bool kRight>
void packTile(const float* values, std::size_t stride, int lines, int depth, BFloat16* high,
              BFloat16* low) {
  __m512i h[16], l[16];
  for (int i = 0; i < 16; ++i) {
    __m512 a = _mm512_setzero_ps(), b = a;
    if constexpr (kRowIsLine) {
      const float* line = values + i * stride;
      if (i < lines) {
        a = _mm512_maskz_loadu_ps(firstOf(depth), line);
        b = _mm512_maskz_loadu_ps(firstOf(depth - 16), line + 16);
      }
    } else {
      const float* row = values + 2 * i * stride;
      if (2 * i < depth) a = _mm512_maskz_loadu_ps(firstOf(lines), row);
      if (2 * i + 1 < depth) b = _mm512_maskz_loadu_ps(firstOf(lines), row + stride);
    }
    const __m256i ha = (__m256i)_mm512_cvtneps_pbh(a), hb = (__m256i)_mm512_cvtneps_pbh(b);
    const __m256i la = (__m256i)_mm512_cvtneps_pbh(less(a, ha));
    const __m256i lb = (__m256i)_mm512_cvtneps_pbh(less(b, hb));
    if constexpr (kRowIsLine) {
      h[i] = _mm512_inserti64x4(_mm512_castsi256_si512(ha), hb, 1);
      l[i] = _mm512_inserti64x4(_mm512_castsi256_si512(la), lb, 1);
    } else {
      h[i] = paired(ha, hb);
      l[i] = paired(la, lb);
    }
  }
  // The left operand's tile has a line in a row, the right one's a pair of depths of every line.
  if constexpr (kRowIsLine == kRight) {
    transpose(h);
    transpose(l);
  }
  for (int i = 0; i < 16; ++i) {
    _mm512_store_si512(high + 32 * i, h[i]);
    _mm512_store_si512(low + 32 * i, l[i]);
  }
}

}  // namespace packing

constexpr int ceilDivide(int a, int b) { return (a + b - 1) / b; }

/** Tiles along a depth. */
constexpr int tilesOf(int depth) { return ceilDivide(depth, kTileDepth); }

/** A step of a panel: up to 32 lines of `x` from `line` on, at the depths [from, from + depth),
 * depth ≤ 32. */
template <bool kRight>
void packStep(const Operand& x, int line, int lines, int from, int depth, BFloat16* step) {
  for (int half = 0; half < 2; ++half) {
    const int start = line + half * kTileLines;
    const int count = std::clamp(line + lines - start, 0, kTileLines);
    BFloat16* high = step + half * kTile;
    BFloat16* low = high + 2 * kTile;
    // Nobody reads the second tile of a panel that has lines for one.
    if (count == 0) break;
    if (x.rowIsLine) {
      packing::packTile<true, kRight>(x.values + start * x.stride + from, x.stride, count, depth,
                                      high, low);
    } else {
      packing::packTile<false, kRight>(x.values + from * x.stride + start, x.stride, count, depth,
                                       high, low);
    }
  }
}

/** Lines [first, last) at the depths [from, to), and where their panels go: `panelSize` numbers
 * from one to the next. */
struct Part {
  int first, last, from, to;
  BFloat16* panels;
  std::size_t panelSize;
};

/** Packs a part in the order in which its values lie in memory: 32 rows of the memory after 32
 * others, of which the next ones are asked for meanwhile. */
template <bool kRight>
void packPart(const Operand& x, const Part& part) {
  const int panels = ceilDivide(part.last - part.first, kPanelLines);
  const int steps = tilesOf(part.to - part.from);
  const int across = x.rowIsLine ? steps : panels, along = x.rowIsLine ? panels : steps;
  const int firstRow = x.rowIsLine ? part.first : part.from;
  const int lastRow = x.rowIsLine ? part.last : part.to;
  const int column = x.rowIsLine ? part.from : part.first;
  const int columns = x.rowIsLine ? part.to - part.from : part.last - part.first;
  for (int i = 0; i < along; ++i) {
    for (int j = 0; j < across; ++j) {
      const int next = firstRow + (i + 1) * 32;
      const int end = std::min(lastRow, next + 32 * (j + 1) / across);
      for (int row = next + 32 * j / across; row < end; ++row) {
        const float* ahead = x.values + row * x.stride + column;
        for (int k = 0; k < columns; k += 16) _mm_prefetch(ahead + k, _MM_HINT_T1);
      }
      const int panel = x.rowIsLine ? i : j, step = x.rowIsLine ? j : i;
      const int line = part.first + panel * kPanelLines;
      const int from = part.from + step * kTileDepth;
      packStep<kRight>(x, line, std::min(kPanelLines, part.last - line), from,
                       std::min(kTileDepth, part.to - from),
                       part.panels + panel * part.panelSize + step * kPanelStep);
    }
  }
}

}  // namespace karst
