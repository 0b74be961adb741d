#pragma once

#include <immintrin.h>

#include <initializer_list>

namespace karst {

/**
 * e^x with a relative error of 2⁻²³ at the most, 0 far below the smallest float: e^x = 2ⁿ e^r with
 * |r| ≤ ½ ln 2, and Taylor's polynomial of degree 7 for e^r, whose rest is below 6 · 10⁻⁹.
 */
inline __m512 exponential(__m512 x) {
  const auto all = [](float value) { return _mm512_set1_ps(value); };
  // What is smaller ends at 0 anyway, and its n would not fit. In this order a NaN stays one.
  x = _mm512_max_ps(all(-150.0f), x);
  const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, all(1.44269504f)),
                                        _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  // ln 2 in two parts, the first with zeros at its end: n times it is exact.
  __m512 r = _mm512_fnmadd_ps(n, all(0.693359375f), x);
  r = _mm512_fnmadd_ps(n, all(-2.12194440e-4f), r);
  __m512 p = all(1.0f / 5040);
  for (const float c : {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f})
    p = _mm512_fmadd_ps(p, r, all(c));
  return _mm512_scalef_ps(p, n);
}

}  // namespace karst
