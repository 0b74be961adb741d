#include "mix.h"

#include <algorithm>
#include <atomic>
#include <cstddef>

#include "scratch.h"
#include "thread-pool.h"
#include "vec.h"

namespace karst {
namespace {

/** Rows that a thread takes at a time (grain size). */
constexpr int kRows = 16;

thread_local Scratch factorScratch, sumScratch;

/** Numbers of a row per p or q. */
int widthOf(const Mix& size) { return size.kernels * size.rank; }

}  // namespace

void mix(const Mix& size, const float* x, const float* c, float* y) {
  const auto& [rows, l, m, kernels, rank] = size;
  const int width = widthOf(size);
  // C as it is multiplied, (l, m, kernels · rank): each number as often as its kernel has ranks.
  float* factors = factorScratch.ofSize<float>(static_cast<std::size_t>(l) * m * width);
  for (int p = 0; p < l; ++p) {
    for (int q = 0; q < m; ++q) {
      for (int i = 0; i < kernels; ++i)
        std::fill_n(factors + (p * m + q) * width + i * rank, rank, c[(i * l + p) * m + q]);
    }
  }
  parallelFor(rows, kRows, [&, l = l, m = m](int row) {
    const float* from = x + static_cast<std::size_t>(row) * m * width;
    float* to = y + static_cast<std::size_t>(row) * l * width;
    forEachVec(width, [&](int j, auto mask) {
      for (int p = 0; p < l; ++p) {
        const float* factor = factors + p * m * width + j;
        Vec total = broadcast(0);
        for (int q = 0; q < m; ++q)
          total = mulAdd(load(factor + q * width, mask), load(from + q * width + j, mask), total);
        store(to + p * width + j, total, mask);
      }
    });
  });
}

void mixGradient(const Mix& size, const float* dy, const float* x, float* dC) {
  const auto& [rows, l, m, kernels, rank] = size;
  const int width = widthOf(size), outputs = l, inputs = m;
  // A slice of rows belongs to one thread, and slices are added in order: the result does not
  // depend on timing.
  const int slices = std::min(threadPool().threads(), rows);
  const std::size_t sliceSize = static_cast<std::size_t>(l) * m * width;
  float* sums = sumScratch.ofSize<float>(slices * sliceSize);
  std::atomic<int> next{0};
  threadPool().run([&, rows = rows] {
    for (int slice; (slice = next++) < slices;) {
      float* sliceSums = sums + slice * sliceSize;
      std::fill_n(sliceSums, sliceSize, 0.0f);
      for (int row = rows * slice / slices; row < rows * (slice + 1) / slices; ++row) {
        const float* a = dy + static_cast<std::size_t>(row) * outputs * width;
        const float* b = x + static_cast<std::size_t>(row) * inputs * width;
        forEachVec(width, [&](int j, auto mask) {
          for (int p = 0; p < outputs; ++p) {
            const Vec given = load(a + p * width + j, mask);
            float* sum = sliceSums + p * inputs * width + j;
            for (int q = 0; q < inputs; ++q, sum += width)
              store(sum, mulAdd(given, load(b + q * width + j, mask), load(sum, mask)), mask);
          }
        });
      }
    }
  });
  std::fill_n(dC, static_cast<std::size_t>(kernels) * l * m, 0.0f);
  for (int slice = 0; slice < slices; ++slice) {
    for (int p = 0; p < l; ++p) {
      for (int q = 0; q < m; ++q) {
        const float* sum = sums + slice * sliceSize + (p * m + q) * width;
        for (int i = 0; i < kernels; ++i) {
          for (int s = 0; s < rank; ++s) dC[(i * l + p) * m + q] += sum[i * rank + s];
        }
      }
    }
  }
}

}  // namespace karst
