#pragma once

#include <cstdint>

#ifdef __x86_64__
#include <immintrin.h>
#endif

// What kernels need of a processor besides its vectors (vec.h).
namespace karst {

#ifdef __x86_64__

/** How a thread rounds, and whether it flushes denormals to zero (MXCSR). */
using FloatMode = unsigned;
/** Flushes denormal operands and results. */
constexpr FloatMode kFlushDenormals = 0x8040;
inline FloatMode floatMode() { return _mm_getcsr(); }
inline void setFloatMode(FloatMode mode) { _mm_setcsr(mode); }
/** In a loop that waits for another thread. */
inline void spinHint() { _mm_pause(); }
/** Makes non-temporal stores, which are weakly ordered, visible to other threads. */
inline void finishNonTemporalStores() { _mm_sfence(); }

#else

/** FPCR. */
using FloatMode = std::uint64_t;
constexpr FloatMode kFlushDenormals = 1 << 24;
inline FloatMode floatMode() {
  FloatMode mode;
  __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
  return mode;
}
inline void setFloatMode(FloatMode mode) { __asm__ volatile("msr fpcr, %0" : : "r"(mode)); }
inline void spinHint() { __asm__ volatile("yield"); }
/** No kernel stores that way here. */
inline void finishNonTemporalStores() {}

#endif

/** Asks for a cache line to be brought into the L2 cache. */
inline void prefetch(const float* from) { __builtin_prefetch(from, 0, 2); }

}  // namespace karst
