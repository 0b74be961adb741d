// Calls every kernel with many sizes, from one thread and from several concurrently. The operands are
// placed so that out-of-bounds accesses are detected, and every result is compared with plain loops.
// Built with the compiler's sanitizers by sanitizers.test.ts. TF_NUM_INTRAOP_THREADS sets the size of
// the thread pool. The last line of output is the number of calls.

#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "../../../main/native-ops/kernels/calls.h"
#include "../../../main/native-ops/kernels/processor.h"
#include "../../../main/native-ops/kernels/product.h"
#include "../../../main/native-ops/kernels/trial.h"
#include "placed.h"

namespace {

using karst::Trial;

/** Sizes around those of vectors (4, 8, 16), register tiles (4, 8 rows) and micro-panels (24, 32). */
constexpr int kEdges[] = {1,  2,  3,  4,  5,  7,  8,  9,  13, 15, 16, 17, 23,
                          24, 25, 31, 32, 33, 47, 48, 49, 63, 64, 65, 97};

class Draw {
 public:
  explicit Draw(unsigned seed) : state_(seed) {}
  int below(int count) {
    state_ = state_ * 6364136223846793005ull + 1442695040888963407ull;
    return static_cast<int>((state_ >> 33) % count);
  }
  int edge() { return kEdges[below(sizeof kEdges / sizeof *kEdges)]; }
  int upTo(int most) { return 1 + below(most); }
  bool either() { return below(2) == 1; }

 private:
  unsigned long long state_;
};

/** Sizes that kernels handle specially. */
std::vector<Trial> particular() {
  std::vector<Trial> trials;
  for (const bool transposeA : {false, true}) {
    for (const bool transposeB : {false, true}) {
      const auto add = [&](int batch, int m, int n, int k) {
        trials.push_back(karst::matmulTrial({batch, m, n, k, transposeA, transposeB}));
      };
      // Deep enough to split the depth (k) across threads.
      add(1, 37, 45, 1024);
      add(1, 1, 1, 1500);
      add(1, 70, 33, 2051);
      // Results large enough for non-temporal stores, if 64-byte aligned; the second is batched.
      add(1, 550, 512, 40);
      add(2, 512, 528, 9);
      // Deeper than one depth block, with a result too large to split the depth across threads.
      add(1, 513, 513, 1056);
    }
  }
  trials.push_back(karst::attentionTrial({1, 197, 3, 64}));
  trials.push_back(karst::attentionGradientTrial({1, 197, 3, 64}));
  trials.push_back(karst::addKroneckerTrial({8, 3, 8, 24, 8, 24}));
  trials.push_back(karst::kroneckerGradientTrial({8, 3, 8, 24, 8, 24}));
  trials.push_back(karst::layerNormTrial({197, 192, 1e-6f}));
  trials.push_back(karst::geluTrial({197, 768}, true));
  return trials;
}

/** One call of each kernel with random sizes. */
std::vector<Trial> drawnTrials(Draw& draw) {
  const karst::Product product{draw.either() ? 1 : draw.upTo(4), draw.edge(),   draw.edge(),
                               draw.edge(),                      draw.either(), draw.either()};
  const karst::Heads heads{draw.upTo(2), draw.edge(), draw.upTo(3), draw.edge()};
  const karst::Kronecker kronecker{draw.upTo(17), draw.upTo(3), draw.upTo(5),
                                   draw.upTo(9),  draw.upTo(5), draw.edge()};
  const karst::Mix mix{draw.edge(), draw.upTo(5), draw.upTo(5), draw.upTo(9), draw.upTo(9)};
  const karst::Rows rows{draw.edge(), draw.edge()};
  const karst::LayerNorm norm{draw.edge(), draw.edge(), 1e-5f};
  std::vector<Trial> trials;
  trials.push_back(karst::matmulTrial(product));
  trials.push_back(karst::attentionTrial(heads));
  trials.push_back(karst::attentionGradientTrial(heads));
  trials.push_back(karst::addKroneckerTrial(kronecker));
  trials.push_back(karst::kroneckerGradientTrial(kronecker));
  trials.push_back(karst::mixTrial(mix));
  trials.push_back(karst::mixGradientTrial(mix));
  trials.push_back(karst::geluTrial(rows, draw.either()));
  trials.push_back(karst::geluGradientTrial(rows, draw.either()));
  trials.push_back(karst::layerNormTrial(norm));
  trials.push_back(karst::layerNormGradientTrial(norm));
  return trials;
}

std::atomic<long> calls{0};

void require(const Trial& trial, bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s %s for the size", karst::kCalls[trial.call].target, what);
  for (const int number : trial.size) std::fprintf(stderr, " %d", number);
  std::fprintf(stderr, "\n");
  std::exit(1);
}

void tryAt(const Trial& trial, Place place) {
  std::vector<std::unique_ptr<Placed<float>>> operands;
  const void* in[Trial::kMostOperands + 1];
  int count = 0;
  for (const auto& operand : trial.operands) {
    operands.push_back(std::make_unique<Placed<float>>(operand, place));
    in[count++] = operands.back()->values();
  }
  const Placed<std::int32_t> size(trial.size, place);
  in[count] = size.values();
  const Placed<float> result(trial.expected.size(), place);
  for (std::size_t i = 0; i < result.count(); ++i) result.values()[i] = NAN;
  karst::kCalls[trial.call].make(result.values(), in);
  require(trial, trial.holds(result.values()), "came to a wrong result");
  for (std::size_t i = 0; i < result.count(); ++i)
    require(trial, !std::isnan(result.values()[i]), "left out a number");
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const auto& given = trial.operands[i];
    require(trial,
            given.empty() || std::memcmp(operands[i]->values(), given.data(),
                                         given.size() * sizeof(float)) == 0,
            "changed an operand");
  }
  ++calls;
}

/**
 * If the caller flushes denormals to zero, as XLA does, every thread of the pool must do so too, even
 * if it started without the flag.
 */
void tryDenormals() {
  constexpr int kRows = 4000, kWidth = 9;
  Trial trial = karst::geluTrial({kRows, kWidth}, false);
  for (float& x : trial.operands[0]) x = -13.3f;
  const float gelu = -13.3f * std::erfc(13.3f / std::sqrt(2.0f)) / 2;
  if (gelu == 0 || std::isnormal(gelu)) require(trial, false, "has operands for something else");
  std::vector<float> result(trial.expected.size());
  const void* in[] = {trial.operands[0].data(), nullptr, trial.size.data()};
  const karst::FloatMode before = karst::floatMode();
  karst::setFloatMode(before | karst::kFlushDenormals);
  karst::kCalls[trial.call].make(result.data(), in);
  karst::setFloatMode(before);
  for (const float value : result)
    require(trial, std::fpclassify(value) != FP_SUBNORMAL, "did not flush a denormal");
  ++calls;
}

}  // namespace

/** kernels-driver ROUNDS SEED */
int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 20;
  const unsigned seed = argc > 2 ? static_cast<unsigned>(std::strtoul(argv[2], nullptr, 10)) : 1;
  if (!karst::requestProductUnits()) {
    std::fprintf(stderr, "The system does not let a process use what the kernels need.\n");
    return 2;
  }
  for (const Trial& trial : particular()) {
    for (const Place place : kPlaces) tryAt(trial, place);
  }
  tryDenormals();
  Draw draw(seed);
  for (int round = 0; round < rounds; ++round) {
    for (const Trial& trial : drawnTrials(draw)) {
      for (const Place place : kPlaces) tryAt(trial, place);
    }
  }
  // Concurrent callers, as XLA runs independent calls.
  std::vector<std::thread> callers;
  for (unsigned caller = 0; caller < 3; ++caller) {
    callers.emplace_back([=] {
      Draw own(seed + 1000 * (caller + 1));
      for (int round = 0; round < rounds; ++round) {
        for (const Trial& trial : drawnTrials(own)) tryAt(trial, kPlaces[round % 3]);
      }
    });
  }
  for (auto& caller : callers) caller.join();
  std::printf("%ld calls\n", calls.load());
  // The pool's threads are not joined: they wait for work until the process exits.
  std::fflush(stdout);
  return 0;
}
