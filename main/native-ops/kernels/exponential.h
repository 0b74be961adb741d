#pragma once

#include <initializer_list>

#include "vec.h"

namespace karst {

/**
 * e^x with a relative error of 2⁻²³ at the most, 0 far below the smallest float: e^x = 2ⁿ e^r with
 * |r| ≤ ½ ln 2, and Taylor's polynomial of degree 7 for e^r, whose rest is below 6 · 10⁻⁹.
 */
inline Vec exponential(Vec x) {
  // What is smaller ends at 0 anyway, and its n would not fit. In this order a NaN stays one.
  x = max(broadcast(-150.0f), x);
  const Vec n = round(x * broadcast(1.44269504f));
  // ln 2 in two parts, the first with zeros at its end: n times it is exact.
  Vec r = negMulAdd(n, broadcast(0.693359375f), x);
  r = negMulAdd(n, broadcast(-2.12194440e-4f), r);
  Vec p = broadcast(1.0f / 5040);
  for (const float c : {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f})
    p = mulAdd(p, r, broadcast(c));
  return ldexp(p, n);
}

}  // namespace karst
