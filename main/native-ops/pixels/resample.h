#pragma once

#include <cstddef>
#include <cstdint>

#include "passes.h"

namespace karst {

struct Rectangle {
  std::int64_t left;
  std::int64_t top;
  std::int64_t width;
  std::int64_t height;
};

/** Kernels that weigh samples, in the order of KERNELS in main/engine/data/pixels-addon.ts. */
enum class Kernel : std::int32_t { kBilinear, kBicubic, kBox, kHamming, kLanczos };
constexpr std::int32_t kKernels = 5;

/** What `resample` in main/engine/data/resample.ts is told. */
struct Resampling {
  /** Pixels of a row of the image. */
  std::int64_t width;
  /** Part of the image that is resized to targetWidth × targetHeight. */
  Rectangle source;
  std::int64_t target_width;
  std::int64_t target_height;
  /** Part of the result that is wanted. */
  Rectangle crop;
  Kernel kernel;
};

/**
 * The same bits as the function of that name in main/engine/data/resample.ts.
 *
 * @param pixels rows of `width` RGB pixels
 * @param out crop.height × crop.width × 3 bytes
 */
void resample(const std::uint8_t* pixels, const Resampling& task, const Passes& passes,
              std::uint8_t* out);

/** The same bits as resampleFloats there. */
void resampleFloats(const std::uint8_t* pixels, const Resampling& task, float* out);

}  // namespace karst
