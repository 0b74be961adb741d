#include "gelu.h"

#include <cstddef>
#include <initializer_list>

#include "exponential.h"
#include "lanes.h"
#include "worker-team.h"

namespace karst {
namespace {

/** Rows that a thread takes at a time. */
constexpr int kRows = 32;

/** The normal distribution. */
struct Normal {
  /** Φ(z) = ∫ φ up to z. */
  Lanes below;
  /** e^(−z²/2): φ(z) without its factor. */
  Lanes bell;

  /**
   * With v = |z| / √2 and t = 1 / (1 + 0.38 v), erfc(v) = t P(t) e^(−v²): the form of Abramowitz
   * and Stegun 7.1.26 with a polynomial of degree 8, fitted by least squares to a relative error of
   * 2.4 · 10⁻⁸. It is ½ erfc for z < 0, so that small results keep their digits.
   */
  explicit Normal(Lanes z) {
    bell = exponential(z * z * all(-0.5f));
    const Lanes v = absolute(z) * all(0.707106781f);
    const Lanes t = all(1.0f) / multiplyAdd(v, all(0.38f), all(1.0f));
    Lanes p = all(0.0596727734f);
    for (const float c : {-0.26568789f, 0.370838309f, -0.169355385f, 0.235410466f, 0.136390388f,
                          0.204474605f, 0.213841317f, 0.21441544f})
      p = multiplyAdd(p, t, all(c));
    const Lanes beyond = p * t * (bell * all(0.5f));
    below = choose(negative(z), beyond, all(1.0f) - beyond);
  }
};

/** Calls `visit` with the place of sixteen numbers, which of them there are, and z there. */
template <typename Visit>
void eachNumber(const Rows& size, const float* x, const float* bias, const Visit& visit) {
  shareOut(size.rows, kRows, [&](int row) {
    const std::size_t place = static_cast<std::size_t>(row) * size.width;
    eachLanes(size.width, [&](int i, auto own) {
      Lanes z = load(x + place + i, own);
      if (bias != nullptr) z += load(bias + i, own);
      visit(place + i, own, z);
    });
  });
}

}  // namespace

void gelu(const Rows& size, const float* x, const float* bias, float* y) {
  eachNumber(size, x, bias, [&](std::size_t place, auto own, Lanes z) {
    store(y + place, z * Normal(z).below, own);
  });
}

void geluGradient(const Rows& size, const float* x, const float* bias, const float* dy, float* dx) {
  constexpr float kDensity = 0.398942280f;  // 1 / √(2π)
  eachNumber(size, x, bias, [&](std::size_t place, auto own, Lanes z) {
    const Normal normal(z);
    const Lanes slope = multiplyAdd(z * all(kDensity), normal.bell, normal.below);
    store(dx + place, load(dy + place, own) * slope, own);
  });
}

}  // namespace karst
