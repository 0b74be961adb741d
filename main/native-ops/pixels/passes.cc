#include "passes.h"

#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Each ISA has its passes in a namespace, from one template with its own `Sums`: kLanes
// accumulators that start at one half, add level × weight and are stored as levels. Clang and GCC
// set the ISA of a region with different pragmas.
#define KARST_PRAGMA(text) _Pragma(#text)
#if defined(__clang__)
#define KARST_BEGIN(set) \
  KARST_PRAGMA(clang attribute push(__attribute__((target(set))), apply_to = function))
#define KARST_END _Pragma("clang attribute pop")
#else
#define KARST_BEGIN(set) _Pragma("GCC push_options") KARST_PRAGMA(GCC target(set))
#define KARST_END _Pragma("GCC pop_options")
#endif

namespace karst {

namespace {

constexpr std::int32_t kHalf = 1 << (kPrecision - 1);

/** GNU vectors: GCC and Clang lower them to what the target has. */
typedef std::uint8_t Block __attribute__((vector_size(16)));
typedef std::uint16_t Words __attribute__((vector_size(16)));
typedef std::int32_t Quad __attribute__((vector_size(16)));

// Interleaves the low halves of two vectors, and the high halves.
#if defined(__clang__)
#define KARST_MIX(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define KARST_MIX(a, b, ...) __builtin_shuffle(a, b, decltype(a){__VA_ARGS__})
#endif
#define KARST_MIX_LOW_BYTES(a, b) \
  KARST_MIX(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define KARST_MIX_HIGH_BYTES(a, b) \
  KARST_MIX(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#define KARST_MIX_LOW_WORDS(a, b) KARST_MIX(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define KARST_MIX_HIGH_WORDS(a, b) KARST_MIX(a, b, 4, 12, 5, 13, 6, 14, 7, 15)

}  // namespace

namespace plain {
namespace {

struct Sums {
  Quad low = Quad{} + kHalf;
  Quad high = Quad{} + kHalf;

  void add(const std::uint8_t* levels, std::int32_t weight) {
    // Loads 16 bytes though 8 are needed, which is faster than half a vector. Interleaving zeros
    // widens them.
    Block bytes;
    std::memcpy(&bytes, levels, sizeof bytes);
    static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "bytes in another order");
    const auto words = reinterpret_cast<Words>(KARST_MIX_LOW_BYTES(bytes, Block{}));
    low += reinterpret_cast<Quad>(KARST_MIX_LOW_WORDS(words, Words{})) * weight;
    high += reinterpret_cast<Quad>(KARST_MIX_HIGH_WORDS(words, Words{})) * weight;
  }

  void store(std::uint8_t* to) const {
    std::int32_t sums[kLanes];
    std::memcpy(sums, &low, sizeof low);
    std::memcpy(sums + 4, &high, sizeof high);
    for (int i = 0; i < kLanes; i++) {
      const std::int32_t level = sums[i] >> kPrecision;
      to[i] = static_cast<std::uint8_t>(level < 0 ? 0 : level > 255 ? 255 : level);
    }
  }
};

#include "passes-template.h"

}  // namespace
}  // namespace plain
const Passes kPlainPasses = {"plain", plain::scratchOf, plain::across, plain::down};

#if defined(__x86_64__)
KARST_BEGIN("avx2")
namespace avx2 {
namespace {

struct Sums {
  __m256i sums;

  Sums() : sums(_mm256_set1_epi32(kHalf)) {}

  void add(const std::uint8_t* levels, std::int32_t weight) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(levels));
    const __m256i products =
        _mm256_mullo_epi32(_mm256_cvtepu8_epi32(bytes), _mm256_set1_epi32(weight));
    sums = _mm256_add_epi32(sums, products);
  }

  void store(std::uint8_t* to) const {
    const __m256i levels = _mm256_srai_epi32(sums, kPrecision);
    const __m128i words =
        _mm_packs_epi32(_mm256_castsi256_si128(levels), _mm256_extracti128_si256(levels, 1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packus_epi16(words, words));
  }
};

#include "passes-template.h"

}  // namespace
}  // namespace avx2
KARST_END
const Passes kAvx2Passes = {"avx2", avx2::scratchOf, avx2::across, avx2::down};

#endif

}  // namespace karst
