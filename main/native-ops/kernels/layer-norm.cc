#include "layer-norm.h"

#include <cmath>
#include <cstddef>

#include "thread-pool.h"
#include "vec.h"

namespace karst {
namespace {

/** Rows that a thread takes at a time (grain size). */
constexpr int kRows = 64;

/** The sum of `term(offset, mask)` over the vectors of `count` numbers. */
template <typename Term>
float sumOf(int count, const Term& term) {
  Vec total = broadcast(0);
  forEachVec(count, [&](int i, auto mask) { total += term(i, mask); });
  return reduceSum(total);
}

/** Mean and 1 / standard deviation of a row. */
struct Moments {
  float mean, scale;

  Moments(const LayerNorm& size, const float* x) {
    const float share = 1.0f / static_cast<float>(size.width);
    mean = share * sumOf(size.width, [&](int i, auto mask) { return load(x + i, mask); });
    const float variance = share * sumOf(size.width, [&](int i, auto mask) {
                             const Vec centred = this->centred(x + i, mask);
                             return centred * centred;
                           });
    scale = 1.0f / std::sqrt(variance + size.epsilon);
  }

  template <typename MaskType>
  Vec centred(const float* x, MaskType mask) const {
    return ifThenElse(mask, load(x, mask) - broadcast(mean), broadcast(0));
  }
  template <typename MaskType>
  Vec normalised(const float* x, MaskType mask) const {
    return centred(x, mask) * broadcast(scale);
  }
};

/** Calls `visit` with the offset of every row, on all threads. */
template <typename Visit>
void eachRow(const LayerNorm& size, const Visit& visit) {
  parallelFor(size.rows, kRows,
              [&](int row) { visit(static_cast<std::size_t>(row) * size.width); });
}

}  // namespace

void layerNorm(const LayerNorm& size, const float* x, const float* weight, const float* bias,
               float* y) {
  eachRow(size, [&](std::size_t row) {
    const Moments moments(size, x + row);
    forEachVec(size.width, [&](int i, auto mask) {
      const Vec result = mulAdd(moments.normalised(x + row + i, mask), load(weight + i, mask),
                                load(bias + i, mask));
      store(y + row + i, result, mask);
    });
  });
}

void layerNormGradient(const LayerNorm& size, const float* x, const float* weight, const float* dy,
                       float* dx) {
  const float share = 1.0f / static_cast<float>(size.width);
  eachRow(size, [&](std::size_t row) {
    const Moments moments(size, x + row);
    // With n the normalised row and dn = dy ⊙ weight: dx = scale (dn − mean(dn) − n mean(dn n)).
    const auto gradient = [&](int i, auto mask) {
      return load(dy + row + i, mask) * load(weight + i, mask);
    };
    const float mean = share * sumOf(size.width, gradient);
    const float along = share * sumOf(size.width, [&](int i, auto mask) {
                          return gradient(i, mask) * moments.normalised(x + row + i, mask);
                        });
    forEachVec(size.width, [&](int i, auto mask) {
      const Vec rest = negMulAdd(broadcast(along), moments.normalised(x + row + i, mask),
                                 gradient(i, mask) - broadcast(mean));
      store(dx + row + i, rest * broadcast(moments.scale), mask);
    });
  });
}

}  // namespace karst
