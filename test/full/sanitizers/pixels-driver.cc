// Resamples images of many sizes and crops from several threads. The pixels are placed so that
// out-of-bounds accesses are detected, and every result is compared with plain loops (Pillow's
// definition). Built with the compiler's sanitizers by sanitizers.test.ts. The last line of output is
// the number of images.

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "../../../main/native-ops/pixels/resample.h"
#include "placed.h"

namespace {

using karst::Kernel;
using karst::Resampling;

class Draw {
 public:
  explicit Draw(unsigned seed) : state_(seed) {}
  int below(int count) {
    state_ = state_ * 6364136223846793005ull + 1442695040888963407ull;
    return static_cast<int>((state_ >> 33) % count);
  }
  int upTo(int most) { return 1 + below(most); }

 private:
  unsigned long long state_;
};

constexpr double kPi = 3.14159265358979323846;

double sinc(double x) { return x == 0 ? 1 : std::sin(x * kPi) / (x * kPi); }

double supportOf(Kernel kernel) {
  if (kernel == Kernel::kBox) return 0.5;
  if (kernel == Kernel::kLanczos) return 3;
  return kernel == Kernel::kBicubic ? 2 : 1;
}

double weightAt(double distance, Kernel kernel) {
  const double x = std::fabs(distance);
  switch (kernel) {
    case Kernel::kBox:
      return distance > -0.5 && distance <= 0.5 ? 1 : 0;
    case Kernel::kBilinear:
      return x < 1 ? 1 - x : 0;
    case Kernel::kHamming:
      return x < 1 ? sinc(x) * (0.54 + 0.46 * std::cos(x * kPi)) : 0;
    case Kernel::kLanczos:
      return distance >= -3 && distance < 3 ? sinc(distance) * sinc(distance / 3) : 0;
    case Kernel::kBicubic:
      if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
      return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
  }
  return 0;
}

/** The samples that one output sample along one axis weighs, and their weights. */
struct Taps {
  std::int64_t begin;
  std::vector<double> weights;
};

Taps tapsAt(std::int64_t size, std::int64_t target, std::int64_t at, Kernel kernel) {
  const double scale = static_cast<double>(size) / static_cast<double>(target);
  const double widening = std::max(scale, 1.0), support = supportOf(kernel) * widening;
  const double centre = (static_cast<double>(at) + 0.5) * scale, inverse = 1 / widening;
  const auto begin = std::max<std::int64_t>(0, std::trunc(centre - support + 0.5));
  const auto end = std::min<std::int64_t>(size, std::trunc(centre + support + 0.5));
  Taps taps{begin, {}};
  double sum = 0;
  for (std::int64_t x = begin; x < end; x++) {
    taps.weights.push_back(weightAt((static_cast<double>(x) - centre + 0.5) * inverse, kernel));
    sum += taps.weights.back();
  }
  for (double& weight : taps.weights) weight = sum == 0 ? weight : weight / sum;
  return taps;
}

/** One output sample in whole levels; `level(x)` is the input sample at x. */
struct WholeLevels {
  using Value = int;
  template <typename Level>
  static int sample(std::int64_t size, std::int64_t target, std::int64_t at, Kernel kernel,
                    const Level& level) {
    if (size == target) return level(at);
    const auto [begin, weights] = tapsAt(size, target, at, kernel);
    std::int64_t total = 1 << (karst::kPrecision - 1);
    for (std::size_t k = 0; k < weights.size(); k++) {
      const double fixed = weights[k] * (1 << karst::kPrecision);
      total += static_cast<std::int64_t>(fixed < 0 ? fixed - 0.5 : fixed + 0.5) * level(begin + k);
    }
    return static_cast<int>(std::clamp<std::int64_t>(total >> karst::kPrecision, 0, 255));
  }
};

/** The same without rounding. */
struct ExactLevels {
  using Value = double;
  template <typename Level>
  static double sample(std::int64_t size, std::int64_t target, std::int64_t at, Kernel kernel,
                       const Level& level) {
    const auto [begin, weights] = tapsAt(size, target, at, kernel);
    double total = 0;
    for (std::size_t k = 0; k < weights.size(); k++) total += weights[k] * level(begin + k);
    return total;
  }
};

template <typename Levels>
std::vector<typename Levels::Value> plainly(const std::uint8_t* pixels, const Resampling& task) {
  const auto& [width, source, targetWidth, targetHeight, crop, kernel] = task;
  std::vector<typename Levels::Value> out(3 * crop.width * crop.height);
  std::vector<typename Levels::Value> middle(3 * source.height * crop.width);
  for (std::int64_t y = 0; y < source.height; y++) {
    for (std::int64_t x = 0; x < crop.width; x++) {
      for (int channel = 0; channel < 3; channel++) {
        const std::uint8_t* row = pixels + 3 * ((source.top + y) * width + source.left) + channel;
        middle[3 * (y * crop.width + x) + channel] =
            Levels::sample(source.width, targetWidth, crop.left + x, kernel,
                           [&](auto i) { return row[3 * i]; });
      }
    }
  }
  for (std::int64_t y = 0; y < crop.height; y++) {
    for (std::int64_t i = 0; i < 3 * crop.width; i++) {
      out[y * 3 * crop.width + i] =
          Levels::sample(source.height, targetHeight, crop.top + y, kernel,
                         [&](auto row) { return middle[row * 3 * crop.width + i]; });
    }
  }
  return out;
}

/** A random interval within `length`, as start and size. */
std::pair<std::int64_t, std::int64_t> part(Draw& draw, int length) {
  const int size = draw.below(3) == 0 ? length : draw.upTo(length);
  return {draw.below(length - size + 1), size};
}

std::vector<const karst::Passes*> passesHere() {
  std::vector<const karst::Passes*> here{&karst::kPlainPasses};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) here.push_back(&karst::kAvx2Passes);
#endif
  return here;
}

std::atomic<long> images{0};

void tryOne(Draw& draw, Place place) {
  const int width = draw.upTo(90), height = draw.upTo(70);
  const auto [left, partWidth] = part(draw, width);
  const auto [top, partHeight] = part(draw, height);
  const int targetWidth = draw.below(4) == 0 ? static_cast<int>(partWidth) : draw.upTo(80);
  const int targetHeight = draw.below(4) == 0 ? static_cast<int>(partHeight) : draw.upTo(80);
  const auto [cropLeft, cropWidth] = part(draw, targetWidth);
  const auto [cropTop, cropHeight] = part(draw, targetHeight);
  const Resampling task{width,
                        {left, top, partWidth, partHeight},
                        targetWidth,
                        targetHeight,
                        {cropLeft, cropTop, cropWidth, cropHeight},
                        static_cast<Kernel>(draw.below(karst::kKernels))};
  const Placed<std::uint8_t> pixels(3 * static_cast<std::size_t>(width) * height, place);
  for (std::size_t i = 0; i < pixels.count(); i++)
    pixels.values()[i] = static_cast<std::uint8_t>(draw.below(256));
  const auto expected = plainly<WholeLevels>(pixels.values(), task);
  for (const karst::Passes* passes : passesHere()) {
    const Placed<std::uint8_t> out(expected.size(), place);
    karst::resample(pixels.values(), task, *passes, out.values());
    if (!std::equal(expected.begin(), expected.end(), out.values())) {
      std::fprintf(stderr, "%s passes came to other levels: %d × %d to %d × %d\n", passes->name,
                   static_cast<int>(partWidth), static_cast<int>(partHeight), targetWidth,
                   targetHeight);
      std::exit(1);
    }
    ++images;
  }
  const auto exact = plainly<ExactLevels>(pixels.values(), task);
  const Placed<float> floats(exact.size(), place);
  karst::resampleFloats(pixels.values(), task, floats.values());
  for (std::size_t i = 0; i < exact.size(); i++) {
    if (std::fabs(floats.values()[i] - exact[i]) < 1e-3) continue;
    std::fprintf(stderr, "floats came to another level: %f, not %f\n", floats.values()[i], exact[i]);
    std::exit(1);
  }
}

}  // namespace

/** pixels-driver ROUNDS SEED */
int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 20;
  const unsigned seed = argc > 2 ? static_cast<unsigned>(std::strtoul(argv[2], nullptr, 10)) : 1;
  std::vector<std::thread> threads;
  for (unsigned thread = 0; thread < 3; ++thread) {
    threads.emplace_back([=] {
      Draw draw(seed + 1000 * thread);
      for (int round = 0; round < 10 * rounds; ++round) tryOne(draw, kPlaces[round % 3]);
    });
  }
  for (auto& thread : threads) thread.join();
  std::printf("%ld images\n", images.load());
  return 0;
}
