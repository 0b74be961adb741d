#pragma once

#include <immintrin.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "operand.h"
#include "vec.h"

namespace karst {

/**
 * Micro-panels made of AMX tiles (Intel SDM, volume 1, chapter 18). A float x is split into two
 * bfloat16 numbers, high = x rounded and low = x − high rounded: a relative error of 2⁻¹⁶.
 */
using BFloat16 = std::uint16_t;
using Packed = BFloat16;

/** Rows of a left or columns of a right operand in a tile. */
constexpr int kTileWidth = 16;
/** Numbers in a tile, which covers one step along K. */
constexpr std::size_t kTile = kStepK * kTileWidth;
/** Numbers of a micro-panel per step along K: the high, then the low parts of its two tiles. */
constexpr std::size_t kPanelStep = 4 * kTile;
static_assert(kPanelWidth == 2 * kTileWidth, "a micro-panel is two tiles wide");

namespace packing {

inline __m512 widened(__m256i halves) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
}

inline __m512 less(__m512 x, __m256i high) { return _mm512_sub_ps(x, widened(high)); }

// A pair of bfloat16 numbers is moved as if it were one float.

/** Interleaves 16 numbers of an even k and 16 of the next one. */
inline __m512 paired(__m256i even, __m256i odd) {
  return _mm512_castsi512_ps(_mm512_or_si512(_mm512_cvtepu16_epi32(even),
                                             _mm512_slli_epi32(_mm512_cvtepu16_epi32(odd), 16)));
}

/** Concatenates 2 × 16 consecutive numbers along K. */
inline __m512 beside(__m256i near, __m256i far) {
  return _mm512_castsi512_ps(_mm512_inserti64x4(_mm512_castsi256_si512(near), far, 1));
}

/** Packs the high and the low tile of `values`: mnCount ≤ 16 rows (or columns), kCount ≤ 32. What
 * is missing is 0. */
template <bool kContiguousK, bool kRight>
void packTile(const float* values, std::size_t stride, int mnCount, int kCount, BFloat16* high,
              BFloat16* low) {
  __m512 h[16], l[16];
  for (int i = 0; i < 16; ++i) {
    __m512 a = _mm512_setzero_ps(), b = a;
    if constexpr (kContiguousK) {
      const float* row = values + i * stride;
      if (i < mnCount) {
        a = _mm512_maskz_loadu_ps(firstN(kCount), row);
        b = _mm512_maskz_loadu_ps(firstN(kCount - 16), row + 16);
      }
    } else {
      const float* row = values + 2 * i * stride;
      if (2 * i < kCount) a = _mm512_maskz_loadu_ps(firstN(mnCount), row);
      if (2 * i + 1 < kCount) b = _mm512_maskz_loadu_ps(firstN(mnCount), row + stride);
    }
    const __m256i ha = (__m256i)_mm512_cvtneps_pbh(a), hb = (__m256i)_mm512_cvtneps_pbh(b);
    const __m256i la = (__m256i)_mm512_cvtneps_pbh(less(a, ha));
    const __m256i lb = (__m256i)_mm512_cvtneps_pbh(less(b, hb));
    if constexpr (kContiguousK) {
      h[i] = beside(ha, hb);
      l[i] = beside(la, lb);
    } else {
      h[i] = paired(ha, hb);
      l[i] = paired(la, lb);
    }
  }
  // A row of a left tile is a row of the operand; a row of a right tile is a pair of ks,
  // interleaved over the columns (TDPBF16PS).
  if constexpr (kContiguousK == kRight) {
    transpose(h);
    transpose(l);
  }
  for (int i = 0; i < 16; ++i) {
    _mm512_store_ps(high + 32 * i, h[i]);
    _mm512_store_ps(low + 32 * i, l[i]);
  }
}

}  // namespace packing

/** Packs a step of a micro-panel: [mn, mn + mnCount) × [k, k + kCount) of `x`, each count ≤ 32. */
template <bool kRight>
void packStep(const Operand& x, int mn, int mnCount, int k, int kCount, BFloat16* step) {
  for (int half = 0; half < 2; ++half) {
    const int start = mn + half * kTileWidth;
    const int count = std::clamp(mn + mnCount - start, 0, kTileWidth);
    BFloat16* high = step + half * kTile;
    BFloat16* low = high + 2 * kTile;
    // The second tile of a micro-panel with at most 16 rows (or columns) is never read.
    if (count == 0) break;
    if (x.contiguousK) {
      packing::packTile<true, kRight>(x.values + start * x.stride + k, x.stride, count, kCount,
                                      high, low);
    } else {
      packing::packTile<false, kRight>(x.values + k * x.stride + start, x.stride, count, kCount,
                                       high, low);
    }
  }
}

}  // namespace karst
