#pragma once

#include <immintrin.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace karst {

/**
 * As many floats as a register holds, and arithmetic on them: AVX-512's sixteen, or AVX2's eight.
 * Operators come from the compiler (GCC's vector extension).
 */
#ifdef __AVX512F__

using Lanes = __m512;
/** Some of the lanes. */
using Some = __mmask16;
constexpr int kLanes = 16;

/** The first `count`. */
inline Some firstOf(int count) {
  return static_cast<Some>((1u << std::clamp(count, 0, kLanes)) - 1);
}
inline Lanes all(float value) { return _mm512_set1_ps(value); }
inline Lanes load(const float* from) { return _mm512_loadu_ps(from); }
inline Lanes load(const float* from, Some own) { return _mm512_maskz_loadu_ps(own, from); }
inline void store(float* to, Lanes x) { _mm512_storeu_ps(to, x); }
inline void store(float* to, Lanes x, Some own) { _mm512_mask_storeu_ps(to, own, x); }
/** Past the caches, to a multiple of the size of the register. */
inline void stream(float* to, Lanes x) { _mm512_stream_ps(to, x); }
/** a b + c and c − a b, rounded once. */
inline Lanes multiplyAdd(Lanes a, Lanes b, Lanes c) { return _mm512_fmadd_ps(a, b, c); }
inline Lanes multiplySubtract(Lanes a, Lanes b, Lanes c) { return _mm512_fnmadd_ps(a, b, c); }
/** The greater ones; b where one of them is NaN. */
inline Lanes greater(Lanes a, Lanes b) { return _mm512_max_ps(a, b); }
inline Lanes absolute(Lanes x) { return _mm512_abs_ps(x); }
inline Lanes toInteger(Lanes x) {
  return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
/** x · 2ⁿ for whole n. */
inline Lanes timesPower(Lanes x, Lanes n) { return _mm512_scalef_ps(x, n); }
/** `own` of x, and `otherwise` of the rest. */
inline Lanes choose(Some own, Lanes x, Lanes otherwise) {
  return _mm512_mask_mov_ps(otherwise, own, x);
}
inline Some negative(Lanes x) { return _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ); }
inline float sum(Lanes x) { return _mm512_reduce_add_ps(x); }
inline float greatest(Lanes x) { return _mm512_reduce_max_ps(x); }

/** A matrix of kLanes by kLanes numbers, transposed in place. */
inline void transpose(Lanes r[kLanes]) {
  __m512 t[16];
  const auto wide = [](__m512 x) { return _mm512_castps_pd(x); };
  const auto narrow = [](__m512d x) { return _mm512_castpd_ps(x); };
  for (int i = 0; i < 8; ++i) {
    t[2 * i] = _mm512_unpacklo_ps(r[2 * i], r[2 * i + 1]);
    t[2 * i + 1] = _mm512_unpackhi_ps(r[2 * i], r[2 * i + 1]);
  }
  for (int i = 0; i < 4; ++i) {
    r[4 * i] = narrow(_mm512_unpacklo_pd(wide(t[4 * i]), wide(t[4 * i + 2])));
    r[4 * i + 1] = narrow(_mm512_unpackhi_pd(wide(t[4 * i]), wide(t[4 * i + 2])));
    r[4 * i + 2] = narrow(_mm512_unpacklo_pd(wide(t[4 * i + 1]), wide(t[4 * i + 3])));
    r[4 * i + 3] = narrow(_mm512_unpackhi_pd(wide(t[4 * i + 1]), wide(t[4 * i + 3])));
  }
  for (int i = 0; i < 4; ++i) {
    t[i] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xdd);
    t[i + 8] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xdd);
  }
  for (int i = 0; i < 8; ++i) {
    r[i] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88);
    r[i + 8] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0xdd);
  }
}

#else

using Lanes = __m256;
using Some = __m256i;
constexpr int kLanes = 8;

inline Some firstOf(int count) {
  static constexpr std::int32_t kFlags[2 * kLanes] = {-1, -1, -1, -1, -1, -1, -1, -1};
  const std::int32_t* flags = kFlags + kLanes - std::clamp(count, 0, kLanes);
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(flags));
}
inline Lanes all(float value) { return _mm256_set1_ps(value); }
inline Lanes load(const float* from) { return _mm256_loadu_ps(from); }
inline Lanes load(const float* from, Some own) { return _mm256_maskload_ps(from, own); }
inline void store(float* to, Lanes x) { _mm256_storeu_ps(to, x); }
inline void store(float* to, Lanes x, Some own) { _mm256_maskstore_ps(to, own, x); }
inline void stream(float* to, Lanes x) { _mm256_stream_ps(to, x); }
inline Lanes multiplyAdd(Lanes a, Lanes b, Lanes c) { return _mm256_fmadd_ps(a, b, c); }
inline Lanes multiplySubtract(Lanes a, Lanes b, Lanes c) { return _mm256_fnmadd_ps(a, b, c); }
inline Lanes greater(Lanes a, Lanes b) { return _mm256_max_ps(a, b); }
inline Lanes absolute(Lanes x) { return _mm256_andnot_ps(all(-0.0f), x); }
inline Lanes toInteger(Lanes x) {
  return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
inline Lanes timesPower(Lanes x, Lanes n) {
  // In two steps, as one power would not reach down to the smallest floats.
  const auto power = [](__m256i e) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(e, _mm256_set1_epi32(127)), 23));
  };
  const __m256i whole = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(whole, 1);
  return x * power(half) * power(_mm256_sub_epi32(whole, half));
}
inline Lanes choose(Some own, Lanes x, Lanes otherwise) {
  return _mm256_blendv_ps(otherwise, x, _mm256_castsi256_ps(own));
}
inline Some negative(Lanes x) {
  return _mm256_castps_si256(_mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_LT_OQ));
}
inline float sum(Lanes x) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}
inline float greatest(Lanes x) {
  __m128 s = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  s = _mm_max_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}

inline void transpose(Lanes r[kLanes]) {
  __m256 t[8];
  const auto wide = [](__m256 x) { return _mm256_castps_pd(x); };
  const auto narrow = [](__m256d x) { return _mm256_castpd_ps(x); };
  for (int i = 0; i < 4; ++i) {
    t[2 * i] = _mm256_unpacklo_ps(r[2 * i], r[2 * i + 1]);
    t[2 * i + 1] = _mm256_unpackhi_ps(r[2 * i], r[2 * i + 1]);
  }
  for (int i = 0; i < 2; ++i) {
    r[4 * i] = narrow(_mm256_unpacklo_pd(wide(t[4 * i]), wide(t[4 * i + 2])));
    r[4 * i + 1] = narrow(_mm256_unpackhi_pd(wide(t[4 * i]), wide(t[4 * i + 2])));
    r[4 * i + 2] = narrow(_mm256_unpacklo_pd(wide(t[4 * i + 1]), wide(t[4 * i + 3])));
    r[4 * i + 3] = narrow(_mm256_unpackhi_pd(wide(t[4 * i + 1]), wide(t[4 * i + 3])));
  }
  for (int i = 0; i < 4; ++i) t[i] = r[i];
  for (int i = 0; i < 4; ++i) {
    r[i] = _mm256_permute2f128_ps(t[i], r[i + 4], 0x20);
    r[i + 4] = _mm256_permute2f128_ps(t[i], r[i + 4], 0x31);
  }
}

#endif

/** All lanes, where that is known beforehand: reading and writing some of them takes longer. */
struct Whole {};
inline Lanes load(const float* from, Whole) { return load(from); }
inline void store(float* to, Lanes x, Whole) { store(to, x); }
inline Lanes choose(Whole, Lanes x, Lanes) { return x; }

/** Calls `visit` with the place of a register of `count` numbers at a time, and which of its lanes
 * there are: `Whole`, and `Some` at the end. */
template <typename Visit>
void eachLanes(int count, const Visit& visit) {
  int i = 0;
  for (; i + kLanes <= count; i += kLanes) visit(i, Whole{});
  if (i < count) visit(i, firstOf(count - i));
}

}  // namespace karst
