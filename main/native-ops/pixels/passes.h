#pragma once

#include <cstddef>
#include <cstdint>

namespace karst {

/** Fractional bits of a weight, as in Pillow. */
constexpr int kPrecision = 22;

/** Weights of the samples of one direction: `count[i]` of them from the input sample `first[i]` on.
 */
struct Weights {
  const std::int32_t* first;
  const std::int32_t* count;
  /** `step` weights a sample. */
  const std::int32_t* values;
  std::size_t step;
  std::size_t length;
};

/** Rows that the horizontal pass takes, and sums that either pass makes, at a time. */
constexpr int kLanes = 8;

/** Bytes that passes may read and write beyond the end of a row or of the scratch memory. */
constexpr std::size_t kSlack = 64;

/** The two passes of a resampling, compiled for one ISA. */
struct Passes {
  const char* name;
  /** Bytes of scratch memory that it needs for samples of so many input and output pixels. */
  std::size_t (*scratch)(std::size_t in, std::size_t out);
  /**
   * Horizontal pass over kLanes rows of RGB.
   *
   * @param in the rows' first pixels
   * @param from,pixels which of the input's pixels the weights reach: no other is read
   * @param out where each row's 3 · length bytes go, kSlack bytes beyond them free to write
   */
  void (*across)(const std::uint8_t* const* in, std::size_t from, std::size_t pixels,
                 const Weights& weights, std::uint8_t* const* out, std::uint8_t* scratch);
  /**
   * Vertical pass: one row from `count` rows of `bytes` bytes, each with kSlack readable ones
   * beyond.
   */
  void (*down)(const std::uint8_t* const* in, const std::int32_t* weights, std::size_t count,
               std::size_t bytes, std::uint8_t* out);
};

/** For any processor. */
extern const Passes kPlainPasses;
#if defined(__x86_64__)
extern const Passes kAvx2Passes;
#endif

}  // namespace karst
