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

double weightAt(double distance, bool bicubic) {
  const double x = std::fabs(distance);
  if (!bicubic) return x < 1 ? 1 - x : 0;
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

/** One output sample along one axis; `level(x)` is the input sample at x. */
template <typename Level>
int sampleAt(std::int64_t size, std::int64_t target, std::int64_t at, bool bicubic,
             const Level& level) {
  if (size == target) return level(at);
  const double scale = static_cast<double>(size) / static_cast<double>(target);
  const double widening = std::max(scale, 1.0), support = (bicubic ? 2 : 1) * widening;
  const double centre = (static_cast<double>(at) + 0.5) * scale, inverse = 1 / widening;
  const auto begin = std::max<std::int64_t>(0, std::trunc(centre - support + 0.5));
  const auto end = std::min<std::int64_t>(size, std::trunc(centre + support + 0.5));
  double sum = 0;
  const auto exact = [&](std::int64_t x) {
    return weightAt((static_cast<double>(x) - centre + 0.5) * inverse, bicubic);
  };
  for (std::int64_t x = begin; x < end; x++) sum += exact(x);
  std::int64_t total = 1 << (karst::kPrecision - 1);
  for (std::int64_t x = begin; x < end; x++) {
    const double fixed = (sum == 0 ? exact(x) : exact(x) / sum) * (1 << karst::kPrecision);
    total += static_cast<std::int64_t>(fixed < 0 ? fixed - 0.5 : fixed + 0.5) * level(x);
  }
  return static_cast<int>(std::clamp<std::int64_t>(total >> karst::kPrecision, 0, 255));
}

std::vector<std::uint8_t> plainly(const std::uint8_t* pixels, const Resampling& task) {
  const auto& [width, source, targetWidth, targetHeight, crop, bicubic] = task;
  std::vector<std::uint8_t> out(3 * crop.width * crop.height);
  std::vector<int> middle(3 * source.height * crop.width);
  for (std::int64_t y = 0; y < source.height; y++) {
    for (std::int64_t x = 0; x < crop.width; x++) {
      for (int channel = 0; channel < 3; channel++) {
        const std::uint8_t* row = pixels + 3 * ((source.top + y) * width + source.left) + channel;
        middle[3 * (y * crop.width + x) + channel] = sampleAt(
            source.width, targetWidth, crop.left + x, bicubic, [&](auto i) { return row[3 * i]; });
      }
    }
  }
  for (std::int64_t y = 0; y < crop.height; y++) {
    for (std::int64_t i = 0; i < 3 * crop.width; i++) {
      out[y * 3 * crop.width + i] = static_cast<std::uint8_t>(
          sampleAt(source.height, targetHeight, crop.top + y, bicubic,
                   [&](auto row) { return middle[row * 3 * crop.width + i]; }));
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
                        draw.below(2) == 1};
  const Placed<std::uint8_t> pixels(3 * static_cast<std::size_t>(width) * height, place);
  for (std::size_t i = 0; i < pixels.count(); i++)
    pixels.values()[i] = static_cast<std::uint8_t>(draw.below(256));
  const auto expected = plainly(pixels.values(), task);
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
