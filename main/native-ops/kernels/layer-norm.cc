#include "layer-norm.h"

#include <cmath>
#include <cstddef>

#include "lanes.h"
#include "worker-team.h"

namespace karst {
namespace {

/** Rows that a thread takes at a time. */
constexpr int kRows = 64;

/** The sum of `term`, called with the place of a register of numbers and which of them there are.
 */
template <typename Term>
float sumOf(int count, const Term& term) {
  Lanes total = all(0);
  eachLanes(count, [&](int i, auto own) { total += term(i, own); });
  return sum(total);
}

/** What a row is made to mean 0 and variance 1 with. */
struct Moments {
  float mean, scale;

  Moments(const LayerNorm& size, const float* x) {
    const float share = 1.0f / static_cast<float>(size.width);
    mean = share * sumOf(size.width, [&](int i, auto own) { return load(x + i, own); });
    const float variance = share * sumOf(size.width, [&](int i, auto own) {
                             const Lanes centred = this->centred(x + i, own);
                             return centred * centred;
                           });
    scale = 1.0f / std::sqrt(variance + size.epsilon);
  }

  template <typename Own>
  Lanes centred(const float* x, Own own) const {
    return choose(own, load(x, own) - all(mean), all(0));
  }
  template <typename Own>
  Lanes normalised(const float* x, Own own) const {
    return centred(x, own) * all(scale);
  }
};

/** Calls `visit` with the place of every row, on all threads. */
template <typename Visit>
void eachRow(const LayerNorm& size, const Visit& visit) {
  shareOut(size.rows, kRows, [&](int row) { visit(static_cast<std::size_t>(row) * size.width); });
}

}  // namespace

void layerNorm(const LayerNorm& size, const float* x, const float* weight, const float* bias,
               float* y) {
  eachRow(size, [&](std::size_t row) {
    const Moments moments(size, x + row);
    eachLanes(size.width, [&](int i, auto own) {
      const Lanes result = multiplyAdd(moments.normalised(x + row + i, own), load(weight + i, own),
                                       load(bias + i, own));
      store(y + row + i, result, own);
    });
  });
}

void layerNormGradient(const LayerNorm& size, const float* x, const float* weight, const float* dy,
                       float* dx) {
  const float share = 1.0f / static_cast<float>(size.width);
  eachRow(size, [&](std::size_t row) {
    const Moments moments(size, x + row);
    // With n the normalised row and dn = dy ⊙ weight: dx = scale (dn − mean(dn) − n mean(dn n)).
    const auto gradient = [&](int i, auto own) {
      return load(dy + row + i, own) * load(weight + i, own);
    };
    const float mean = share * sumOf(size.width, gradient);
    const float along = share * sumOf(size.width, [&](int i, auto own) {
                          return gradient(i, own) * moments.normalised(x + row + i, own);
                        });
    eachLanes(size.width, [&](int i, auto own) {
      const Lanes rest = multiplySubtract(all(along), moments.normalised(x + row + i, own),
                                          gradient(i, own) - all(mean));
      store(dx + row + i, rest * all(moments.scale), own);
    });
  });
}

}  // namespace karst
