#include "mix.h"

#include <algorithm>
#include <atomic>
#include <cstddef>

#include "lanes.h"
#include "scratch.h"
#include "worker-team.h"

namespace karst {
namespace {

/** Rows that a thread takes at a time. */
constexpr int kRows = 16;

thread_local Scratch factorScratch, sumScratch;

/** Numbers of a row for one p or q. */
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
  shareOut(rows, kRows, [&, lines = l, depth = m](int row) {
    const float* from = x + static_cast<std::size_t>(row) * depth * width;
    float* to = y + static_cast<std::size_t>(row) * lines * width;
    eachLanes(width, [&](int j, auto own) {
      for (int p = 0; p < lines; ++p) {
        const float* factor = factors + p * depth * width + j;
        Lanes total = all(0);
        for (int q = 0; q < depth; ++q)
          total =
              multiplyAdd(load(factor + q * width, own), load(from + q * width + j, own), total);
        store(to + p * width + j, total, own);
      }
    });
  });
}

void mixGradient(const Mix& size, const float* dy, const float* x, float* dC) {
  const auto& [rows, l, m, kernels, rank] = size;
  const int width = widthOf(size), lines = l, depth = m;
  // A slice of the rows belongs to one thread whole, and the slices are added in their order: the
  // result does not depend on who was faster.
  const int slices = std::min(team().threads(), rows);
  const std::size_t sliceSize = static_cast<std::size_t>(l) * m * width;
  float* sums = sumScratch.ofSize<float>(slices * sliceSize);
  std::atomic<int> next{0};
  team().run([&, rows = rows] {
    for (int slice; (slice = next++) < slices;) {
      float* own = sums + slice * sliceSize;
      std::fill_n(own, sliceSize, 0.0f);
      for (int row = rows * slice / slices; row < rows * (slice + 1) / slices; ++row) {
        const float* a = dy + static_cast<std::size_t>(row) * lines * width;
        const float* b = x + static_cast<std::size_t>(row) * depth * width;
        eachLanes(width, [&](int j, auto some) {
          for (int p = 0; p < lines; ++p) {
            const Lanes given = load(a + p * width + j, some);
            float* sum = own + p * depth * width + j;
            for (int q = 0; q < depth; ++q, sum += width)
              store(sum, multiplyAdd(given, load(b + q * width + j, some), load(sum, some)), some);
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
