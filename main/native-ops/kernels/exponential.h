#pragma once

#include <initializer_list>

#include "lanes.h"

namespace karst {

/**
 * e^x with a relative error of 2⁻²³ at the most, 0 far below the smallest float: e^x = 2ⁿ e^r with
 * |r| ≤ ½ ln 2, and Taylor's polynomial of degree 7 for e^r, whose rest is below 6 · 10⁻⁹.
 */
inline Lanes exponential(Lanes x) {
  // What is smaller ends at 0 anyway, and its n would not fit. In this order a NaN stays one.
  x = greater(all(-150.0f), x);
  const Lanes n = toInteger(x * all(1.44269504f));
  // ln 2 in two parts, the first with zeros at its end: n times it is exact.
  Lanes r = multiplySubtract(n, all(0.693359375f), x);
  r = multiplySubtract(n, all(-2.12194440e-4f), r);
  Lanes p = all(1.0f / 5040);
  for (const float c : {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f})
    p = multiplyAdd(p, r, all(c));
  return timesPower(p, n);
}

}  // namespace karst
