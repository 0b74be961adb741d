#pragma once

#ifdef __x86_64__
#include <immintrin.h>
#else
#include <arm_neon.h>
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace karst {

/**
 * A SIMD vector of floats (AVX-512: 16, AVX2: 8, NEON: 4) and the operations on it. Names follow Google
 * Highway. Operators come from the compiler (GCC's vector extension).
 */
#ifdef __AVX512F__

using Vec = __m512;
/** One flag per lane. Masked loads read 0 and masked stores write nothing where it is off. */
using Mask = __mmask16;
constexpr int kLanes = 16;

/** The first `count` lanes. */
inline Mask firstN(int count) {
  return static_cast<Mask>((1u << std::clamp(count, 0, kLanes)) - 1);
}
inline Vec broadcast(float value) { return _mm512_set1_ps(value); }
inline Vec load(const float* from) { return _mm512_loadu_ps(from); }
inline Vec load(const float* from, Mask mask) { return _mm512_maskz_loadu_ps(mask, from); }
inline void store(float* to, Vec x) { _mm512_storeu_ps(to, x); }
inline void store(float* to, Vec x, Mask mask) { _mm512_mask_storeu_ps(to, mask, x); }
/** Stores past the caches; `to` must be aligned to the size of a vector. */
inline void storeNonTemporal(float* to, Vec x) { _mm512_stream_ps(to, x); }
/** a b + c and c − a b, rounded once. */
inline Vec mulAdd(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
inline Vec negMulAdd(Vec a, Vec b, Vec c) { return _mm512_fnmadd_ps(a, b, c); }
/** Lane by lane; b where either is NaN. */
inline Vec max(Vec a, Vec b) { return _mm512_max_ps(a, b); }
inline Vec abs(Vec x) { return _mm512_abs_ps(x); }
inline Vec round(Vec x) {
  return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
/** x · 2ⁿ for whole n. */
inline Vec ldexp(Vec x, Vec n) { return _mm512_scalef_ps(x, n); }
/** `yes` in the lanes of the mask, `no` elsewhere. */
inline Vec ifThenElse(Mask mask, Vec yes, Vec no) { return _mm512_mask_mov_ps(no, mask, yes); }
inline Mask isNegative(Vec x) { return _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ); }
inline float reduceSum(Vec x) { return _mm512_reduce_add_ps(x); }
inline float reduceMax(Vec x) { return _mm512_reduce_max_ps(x); }

/** Transposes a kLanes × kLanes matrix in place. */
inline void transpose(Vec r[kLanes]) {
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

#elif defined(__AVX2__)

using Vec = __m256;
using Mask = __m256i;
constexpr int kLanes = 8;

inline Mask firstN(int count) {
  static constexpr std::int32_t kFlags[2 * kLanes] = {-1, -1, -1, -1, -1, -1, -1, -1};
  const std::int32_t* flags = kFlags + kLanes - std::clamp(count, 0, kLanes);
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(flags));
}
inline Vec broadcast(float value) { return _mm256_set1_ps(value); }
inline Vec load(const float* from) { return _mm256_loadu_ps(from); }
inline Vec load(const float* from, Mask mask) { return _mm256_maskload_ps(from, mask); }
inline void store(float* to, Vec x) { _mm256_storeu_ps(to, x); }
inline void store(float* to, Vec x, Mask mask) { _mm256_maskstore_ps(to, mask, x); }
inline void storeNonTemporal(float* to, Vec x) { _mm256_stream_ps(to, x); }
inline Vec mulAdd(Vec a, Vec b, Vec c) { return _mm256_fmadd_ps(a, b, c); }
inline Vec negMulAdd(Vec a, Vec b, Vec c) { return _mm256_fnmadd_ps(a, b, c); }
inline Vec max(Vec a, Vec b) { return _mm256_max_ps(a, b); }
inline Vec abs(Vec x) { return _mm256_andnot_ps(broadcast(-0.0f), x); }
inline Vec round(Vec x) {
  return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
inline Vec ldexp(Vec x, Vec n) {
  // In two steps: a single power of two would not reach subnormal results.
  const auto power = [](__m256i e) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(e, _mm256_set1_epi32(127)), 23));
  };
  const __m256i whole = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(whole, 1);
  return x * power(half) * power(_mm256_sub_epi32(whole, half));
}
inline Vec ifThenElse(Mask mask, Vec yes, Vec no) {
  return _mm256_blendv_ps(no, yes, _mm256_castsi256_ps(mask));
}
inline Mask isNegative(Vec x) {
  return _mm256_castps_si256(_mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_LT_OQ));
}
inline float reduceSum(Vec x) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}
inline float reduceMax(Vec x) {
  __m128 s = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  s = _mm_max_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}

inline void transpose(Vec r[kLanes]) {
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

#else

using Vec = float32x4_t;
constexpr int kLanes = 4;
/** The first `count` lanes: there are no masked loads and stores. */
struct Mask {
  int count;
};

inline Mask firstN(int count) { return {std::clamp(count, 0, kLanes)}; }
inline Vec broadcast(float value) { return vdupq_n_f32(value); }
inline Vec load(const float* from) { return vld1q_f32(from); }
inline Vec load(const float* from, Mask mask) {
  float lanes[kLanes] = {};
  std::copy_n(from, mask.count, lanes);
  return load(lanes);
}
inline void store(float* to, Vec x) { vst1q_f32(to, x); }
inline void store(float* to, Vec x, Mask mask) {
  float lanes[kLanes];
  store(lanes, x);
  std::copy_n(lanes, mask.count, to);
}
inline void storeNonTemporal(float* to, Vec x) { store(to, x); }
inline Vec mulAdd(Vec a, Vec b, Vec c) { return vfmaq_f32(c, a, b); }
inline Vec negMulAdd(Vec a, Vec b, Vec c) { return vfmsq_f32(c, a, b); }
inline Vec max(Vec a, Vec b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
inline Vec abs(Vec x) { return vabsq_f32(x); }
inline Vec round(Vec x) { return vrndnq_f32(x); }
inline Vec ldexp(Vec x, Vec n) {
  // In two steps: a single power of two would not reach subnormal results.
  const auto power = [](int32x4_t e) {
    return vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(e, vdupq_n_s32(127)), 23));
  };
  const int32x4_t whole = vcvtnq_s32_f32(n), half = vshrq_n_s32(whole, 1);
  return x * power(half) * power(vsubq_s32(whole, half));
}
/** Lanes that a comparison has found: all ones or all zeros. */
inline Vec ifThenElse(uint32x4_t lanes, Vec yes, Vec no) { return vbslq_f32(lanes, yes, no); }
inline Vec ifThenElse(Mask mask, Vec yes, Vec no) {
  static constexpr std::int32_t kIndices[kLanes] = {0, 1, 2, 3};
  return ifThenElse(vcltq_s32(vld1q_s32(kIndices), vdupq_n_s32(mask.count)), yes, no);
}
inline uint32x4_t isNegative(Vec x) { return vcltzq_f32(x); }
inline float reduceSum(Vec x) { return vaddvq_f32(x); }
inline float reduceMax(Vec x) { return vmaxvq_f32(x); }

inline void transpose(Vec r[kLanes]) {
  const auto wide = [](Vec x) { return vreinterpretq_f64_f32(x); };
  const auto narrow = [](float64x2_t x) { return vreinterpretq_f32_f64(x); };
  const float64x2_t even = wide(vtrn1q_f32(r[0], r[1])), odd = wide(vtrn2q_f32(r[0], r[1]));
  const float64x2_t even2 = wide(vtrn1q_f32(r[2], r[3])), odd2 = wide(vtrn2q_f32(r[2], r[3]));
  r[0] = narrow(vtrn1q_f64(even, even2));
  r[1] = narrow(vtrn1q_f64(odd, odd2));
  r[2] = narrow(vtrn2q_f64(even, even2));
  r[3] = narrow(vtrn2q_f64(odd, odd2));
}

#endif

/** All lanes, known at compile time: unmasked loads and stores are faster. */
struct FullMask {};
inline Vec load(const float* from, FullMask) { return load(from); }
inline void store(float* to, Vec x, FullMask) { store(to, x); }
inline Vec ifThenElse(FullMask, Vec yes, Vec) { return yes; }

/** Calls `visit(offset, mask)` for one vector of `count` numbers after the other. The mask is a
 * `FullMask`, or a `Mask` for the remainder at the end. */
template <typename Visit>
void forEachVec(int count, const Visit& visit) {
  int i = 0;
  for (; i + kLanes <= count; i += kLanes) visit(i, FullMask{});
  if (i < count) visit(i, firstN(count - i));
}

}  // namespace karst
