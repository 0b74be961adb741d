#pragma once

#include <immintrin.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "lanes.h"
#include "operand.h"

namespace karst {

/**
 * Operands as AMX tiles (Intel SDM, volume 1, chapter 18): a float x is kept as two bfloat16
 * numbers, high = x rounded and low = x − high rounded, which leaves a relative error of 2⁻¹⁶.
 */
using BFloat16 = std::uint16_t;
using Packed = BFloat16;

/** Rows of a left or columns of a right operand in a tile. */
constexpr int kTileLines = 16;
/** Numbers in a tile, which is as deep as a step. */
constexpr std::size_t kTile = kStepDepth * kTileLines;
/** Numbers of a panel for one tile's depth: the high and then the low parts of its two tiles. */
constexpr std::size_t kPanelStep = 4 * kTile;
static_assert(kPanelLines == 2 * kTileLines, "a panel is two tiles wide");

namespace packing {

inline __m512 widened(__m256i halves) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
}

inline __m512 less(__m512 x, __m256i high) { return _mm512_sub_ps(x, widened(high)); }

// Pairs of numbers travel as floats do, whatever they would be as such.

/** Sixteen numbers of two depths, as pairs. */
inline __m512 paired(__m256i even, __m256i odd) {
  return _mm512_castsi512_ps(_mm512_or_si512(_mm512_cvtepu16_epi32(even),
                                             _mm512_slli_epi32(_mm512_cvtepu16_epi32(odd), 16)));
}

/** Sixteen pairs of numbers of one line. */
inline __m512 beside(__m256i near, __m256i far) {
  return _mm512_castsi512_ps(_mm512_inserti64x4(_mm512_castsi256_si512(near), far, 1));
}

/** The high and low tile of `lines` ≤ 16 lines from `values`, `depth` ≤ 32 deep; what is missing is
 * 0. */
template <bool kRowIsLine, bool kRight>
void packTile(const float* values, std::size_t stride, int lines, int depth, BFloat16* high,
              BFloat16* low) {
  __m512 h[16], l[16];
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
      h[i] = beside(ha, hb);
      l[i] = beside(la, lb);
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
    _mm512_store_ps(high + 32 * i, h[i]);
    _mm512_store_ps(low + 32 * i, l[i]);
  }
}

}  // namespace packing

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

}  // namespace karst
