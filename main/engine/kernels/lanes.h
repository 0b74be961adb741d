#pragma once

#include <immintrin.h>

#include <algorithm>

namespace karst {

/** The first `count` of sixteen numbers. */
inline __mmask16 firstOf(int count) {
  return static_cast<__mmask16>((1u << std::clamp(count, 0, 16)) - 1);
}

/** Calls `visit` with the place of sixteen of `count` numbers at a time, and which of them there
 * are. */
template <typename Visit>
void eachSixteen(int count, const Visit& visit) {
  for (int i = 0; i < count; i += 16) visit(i, firstOf(count - i));
}

}  // namespace karst
