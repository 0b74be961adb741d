#include "gelu.h"

#include <cstddef>
#include <initializer_list>

#include "exponential.h"
#include "thread-pool.h"
#include "vec.h"

namespace karst {
namespace {

/** Rows that a thread takes at a time (grain size). */
constexpr int kRows = 32;

/** The normal distribution. */
struct Normal {
  /** Φ(z) = ∫ φ up to z. */
  Vec below;
  /** e^(−z²/2): φ(z) without its factor. */
  Vec bell;

  /**
   * With v = |z| / √2 and t = 1 / (1 + 0.38 v), erfc(v) = t P(t) e^(−v²): the form of Abramowitz
   * and Stegun 7.1.26 with a polynomial of degree 8, fitted by least squares to a relative error of
   * 2.4 · 10⁻⁸. It is ½ erfc for z < 0, so that small results keep their digits.
   */
  explicit Normal(Vec z) {
    bell = exponential(z * z * broadcast(-0.5f));
    const Vec v = abs(z) * broadcast(0.707106781f);
    const Vec t = broadcast(1.0f) / mulAdd(v, broadcast(0.38f), broadcast(1.0f));
    Vec p = broadcast(0.0596727734f);
    for (const float c : {-0.26568789f, 0.370838309f, -0.169355385f, 0.235410466f, 0.136390388f,
                          0.204474605f, 0.213841317f, 0.21441544f})
      p = mulAdd(p, t, broadcast(c));
    const Vec beyond = p * t * (bell * broadcast(0.5f));
    below = ifThenElse(isNegative(z), beyond, broadcast(1.0f) - beyond);
  }
};

/** Calls `visit(offset, mask, z)` for one vector of numbers after the other, on all threads. */
template <typename Visit>
void forEachInput(const Rows& size, const float* x, const float* bias, const Visit& visit) {
  parallelFor(size.rows, kRows, [&](int row) {
    const std::size_t place = static_cast<std::size_t>(row) * size.width;
    forEachVec(size.width, [&](int i, auto mask) {
      Vec z = load(x + place + i, mask);
      if (bias != nullptr) z += load(bias + i, mask);
      visit(place + i, mask, z);
    });
  });
}

}  // namespace

void gelu(const Rows& size, const float* x, const float* bias, float* y) {
  forEachInput(size, x, bias, [&](std::size_t place, auto mask, Vec z) {
    store(y + place, z * Normal(z).below, mask);
  });
}

void geluGradient(const Rows& size, const float* x, const float* bias, const float* dy, float* dx) {
  constexpr float kDensity = 0.398942280f;  // 1 / √(2π)
  forEachInput(size, x, bias, [&](std::size_t place, auto mask, Vec z) {
    const Normal normal(z);
    const Vec slope = mulAdd(z * broadcast(kDensity), normal.bell, normal.below);
    store(dx + place, load(dy + place, mask) * slope, mask);
  });
}

}  // namespace karst
