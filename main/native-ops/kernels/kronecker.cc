#include "kronecker.h"

#include <algorithm>
#include <atomic>
#include <cstddef>

#include "scratch.h"
#include "thread-pool.h"
#include "vec.h"

namespace karst {
namespace {

/** Kernels whose values are held in registers at the same time. */
constexpr int kTogether = 8;

thread_local Scratch sumScratch;

/** Where things lie: a row of W* is (split, p, a), a column (q, b). */
struct Places {
  Kronecker size;

  std::size_t columns() const { return static_cast<std::size_t>(size.m) * size.n; }
  std::size_t row(int split, int p, int a) const {
    return ((static_cast<std::size_t>(split) * size.l + p) * size.k + a) * columns();
  }
  std::size_t ofC(int kernel, int p) const {
    return (static_cast<std::size_t>(kernel) * size.l + p) * size.m;
  }
  std::size_t ofD(int kernel, int split, int a) const {
    return ((static_cast<std::size_t>(kernel) * size.splits + split) * size.k + a) * size.n;
  }
  std::size_t numbersOfC() const { return ofC(size.kernels, 0); }
  std::size_t numbersOfD() const { return ofD(size.kernels, 0, 0); }
};

/** Calls `visit(first, std::integral_constant)` for eight kernels at a time and then for each of
 * the rest. */
template <typename Visit>
void eachKernels(int kernels, const Visit& visit) {
  int first = 0;
  for (; first + kTogether <= kernels; first += kTogether)
    visit(first, std::integral_constant<int, kTogether>());
  for (; first < kernels; ++first) visit(first, std::integral_constant<int, 1>());
}

/** A row of W*: `from` + what the kernels from `first` on add to it. */
template <int kCount>
void addRow(const Places& at, int first, int split, int p, int a, const float* c, const float* d,
            const float* from, float* to) {
  const auto& [kernels, splits, l, k, m, n] = at.size;
  forEachVec(n, [&](int b, auto mask) {
    Vec numbers[kCount];
    for (int i = 0; i < kCount; ++i) numbers[i] = load(d + at.ofD(first + i, split, a) + b, mask);
    for (int q = 0; q < m; ++q) {
      Vec sum = load(from + q * n + b, mask);
      for (int i = 0; i < kCount; ++i) {
        const Vec factor = broadcast(c[at.ofC(first + i, p) + q]);
        sum = mulAdd(factor, numbers[i], sum);
      }
      store(to + q * n + b, sum, mask);
    }
  });
}

/** Through one row of dW*: adds to dD, and to the sums, a vector each, (`kernels`, m) for dC. */
template <int kCount>
void addRowGradient(const Places& at, int first, int split, int p, int a, const float* c,
                    const float* d, const float* row, float* dD, Vec* sums) {
  const auto& [kernels, splits, l, k, m, n] = at.size;
  forEachVec(n, [&](int b, auto mask) {
    Vec numbers[kCount], gradients[kCount];
    for (int i = 0; i < kCount; ++i) {
      const std::size_t place = at.ofD(first + i, split, a) + b;
      numbers[i] = load(d + place, mask);
      gradients[i] = load(dD + place, mask);
    }
    for (int q = 0; q < m; ++q) {
      const Vec value = load(row + q * n + b, mask);
      for (int i = 0; i < kCount; ++i) {
        const Vec factor = broadcast(c[at.ofC(first + i, p) + q]);
        gradients[i] = mulAdd(factor, value, gradients[i]);
        Vec& sum = sums[(first + i) * m + q];
        sum = mulAdd(value, numbers[i], sum);
      }
    }
    for (int i = 0; i < kCount; ++i)
      store(dD + at.ofD(first + i, split, a) + b, gradients[i], mask);
  });
}

}  // namespace

void addKronecker(const Kronecker& size, const float* weight, const float* c, const float* d,
                  float* out) {
  const Places at{size};
  const int parts = size.splits * size.l * size.k;
  constexpr int kRows = 16;
  parallelFor(parts, kRows, [&](int index) {
    const int a = index % size.k, p = index / size.k % size.l, split = index / size.k / size.l;
    const std::size_t row = at.row(split, p, a);
    eachKernels(size.kernels, [&](int first, auto count) {
      addRow<decltype(count)::value>(at, first, split, p, a, c, d,
                                     (first == 0 ? weight : out) + row, out + row);
    });
  });
}

void kroneckerGradient(const Kronecker& size, const float* dWeight, const float* c, const float* d,
                       float* out) {
  const Places at{size};
  float *dC = out, *dD = out + at.numbersOfC();
  std::fill(out, dD + at.numbersOfD(), 0.0f);
  // A slice of the rows a belongs to one thread, and slices are added in order: the result does not
  // depend on timing.
  const int slices = std::min(threadPool().threads(), size.k);
  float* parts = sumScratch.ofSize<float>(slices * at.numbersOfC());
  std::atomic<int> next{0};
  threadPool().run([&] {
    thread_local Scratch rowScratch;
    const int count = size.kernels * size.m;
    Vec* sums = rowScratch.ofSize<Vec>(count);
    for (int slice; (slice = next++) < slices;) {
      const int from = size.k * slice / slices, to = size.k * (slice + 1) / slices;
      for (int p = 0; p < size.l; ++p) {
        std::fill(sums, sums + count, broadcast(0));
        for (int split = 0; split < size.splits; ++split) {
          for (int a = from; a < to; ++a) {
            eachKernels(size.kernels, [&](int first, auto together) {
              addRowGradient<decltype(together)::value>(at, first, split, p, a, c, d,
                                                        dWeight + at.row(split, p, a), dD, sums);
            });
          }
        }
        for (int i = 0; i < count; ++i) {
          parts[slice * at.numbersOfC() + at.ofC(i / size.m, p) + i % size.m] = reduceSum(sums[i]);
        }
      }
    }
  });
  for (int slice = 0; slice < slices; ++slice) {
    for (std::size_t i = 0; i < at.numbersOfC(); ++i) dC[i] += parts[slice * at.numbersOfC() + i];
  }
}

}  // namespace karst
