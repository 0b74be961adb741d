#include "layer-norm.h"

#include <immintrin.h>

#include <cmath>
#include <cstddef>

#include "lanes.h"
#include "worker-team.h"

namespace karst {
namespace {

/** Rows that a thread takes at a time. */
constexpr int kRows = 64;

/** The sum of `term`, called with the place of sixteen numbers and which of them there are. */
template <typename Term>
float sumOf(int count, const Term& term) {
  __m512 sum = _mm512_setzero_ps();
  eachSixteen(count, [&](int i, __mmask16 own) { sum = _mm512_add_ps(sum, term(i, own)); });
  return _mm512_reduce_add_ps(sum);
}

/** What a row is made to mean 0 and variance 1 with. */
struct Moments {
  float mean, scale;

  Moments(const LayerNorm& size, const float* x) {
    const float share = 1.0f / static_cast<float>(size.width);
    mean = share * sumOf(size.width,
                         [&](int i, __mmask16 own) { return _mm512_maskz_loadu_ps(own, x + i); });
    const float variance = share * sumOf(size.width, [&](int i, __mmask16 own) {
                             const __m512 centred = this->centred(x + i, own);
                             return _mm512_mul_ps(centred, centred);
                           });
    scale = 1.0f / std::sqrt(variance + size.epsilon);
  }

  __m512 centred(const float* x, __mmask16 own) const {
    return _mm512_maskz_sub_ps(own, _mm512_maskz_loadu_ps(own, x), _mm512_set1_ps(mean));
  }
  __m512 normalised(const float* x, __mmask16 own) const {
    return _mm512_mul_ps(centred(x, own), _mm512_set1_ps(scale));
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
    eachSixteen(size.width, [&](int i, __mmask16 own) {
      const __m512 result = _mm512_fmadd_ps(moments.normalised(x + row + i, own),
                                            _mm512_maskz_loadu_ps(own, weight + i),
                                            _mm512_maskz_loadu_ps(own, bias + i));
      _mm512_mask_storeu_ps(y + row + i, own, result);
    });
  });
}

void layerNormGradient(const LayerNorm& size, const float* x, const float* weight, const float* dy,
                       float* dx) {
  const float share = 1.0f / static_cast<float>(size.width);
  eachRow(size, [&](std::size_t row) {
    const Moments moments(size, x + row);
    // With n the normalised row and dn = dy ⊙ weight: dx = scale (dn − mean(dn) − n mean(dn n)).
    const auto gradient = [&](int i, __mmask16 own) {
      return _mm512_mul_ps(_mm512_maskz_loadu_ps(own, dy + row + i),
                           _mm512_maskz_loadu_ps(own, weight + i));
    };
    const float mean = share * sumOf(size.width, gradient);
    const float along =
        share * sumOf(size.width, [&](int i, __mmask16 own) {
          return _mm512_mul_ps(gradient(i, own), moments.normalised(x + row + i, own));
        });
    eachSixteen(size.width, [&](int i, __mmask16 own) {
      const __m512 rest =
          _mm512_fnmadd_ps(_mm512_set1_ps(along), moments.normalised(x + row + i, own),
                           _mm512_sub_ps(gradient(i, own), _mm512_set1_ps(mean)));
      _mm512_mask_storeu_ps(dx + row + i, own, _mm512_mul_ps(rest, _mm512_set1_ps(moments.scale)));
    });
  });
}

}  // namespace karst
