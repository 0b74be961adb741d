#include "trial.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <initializer_list>
#include <utility>

namespace karst {
namespace {

/** Places in kCalls. */
enum CallIndex {
  kMatmul,
  kAttention,
  kAttentionGradient,
  kAddKronecker,
  kKroneckerGradient,
  kMix,
  kMixGradient,
  kGelu,
  kGeluGradient,
  kLayerNorm,
  kLayerNormGradient,
};

/** Errors that the kernels' arithmetic in float32 leaves, as a share of the sum of what is added
 * without its signs, with room for sums of some thousand products. */
constexpr double kSummed = 1e-4;
/** … and that of a bfloat16 product: see matmul.h. */
constexpr double kProduct = 1.0 / (1 << 14);
/** Multiplications up to which all of a product is compared, and one number of so many beyond. */
constexpr double kComparedWhole = 1 << 20;
constexpr std::size_t kComparedOneOf = 31;

/** Numbers from −1 to 1, all of whose digits matter. */
std::vector<float> drawn(std::size_t count, std::uint32_t seed) {
  std::uint32_t state = seed * 2654435761u + 1;
  std::vector<float> values(count);
  for (float& value : values) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(static_cast<std::int32_t>(state >> 8) - (1 << 23)) / (1 << 23);
  }
  return values;
}

std::size_t times(std::initializer_list<int> factors) {
  std::size_t product = 1;
  for (const int factor : factors) product *= static_cast<std::size_t>(factor);
  return product;
}

/** Results that are added up, and how large an error of each may be. */
struct Sums {
  std::vector<double> expected, allowed;

  explicit Sums(std::size_t count) : expected(count), allowed(count) {}
  void add(std::size_t place, double value) {
    expected[place] += value;
    allowed[place] += kSummed * std::abs(value);
  }
};

Trial trialOf(int call, std::vector<std::vector<float>> operands, std::vector<std::int32_t> size,
              Sums sums) {
  return {call, std::move(operands), std::move(size), std::move(sums.expected),
          std::move(sums.allowed)};
}

/** Of attention, whose weights have errors of their own: they are those of its greatest number. */
Trial attentionTrialOf(int call, std::vector<std::vector<float>> operands,
                       std::vector<std::int32_t> size, std::vector<double> expected) {
  double greatest = 1;
  for (const double value : expected) greatest = std::max(greatest, std::abs(value));
  std::vector<double> allowed(expected.size(), kSummed * greatest);
  return {call, std::move(operands), std::move(size), std::move(expected), std::move(allowed)};
}

/** Positions of q, k or v of a token in qkv, and of the token in what comes of them. */
struct HeadPlaces {
  Heads size;
  std::size_t input(int image, int token, int part, int head) const {
    const std::size_t row = static_cast<std::size_t>(image) * size.tokens + token;
    return ((row * 3 + part) * size.heads + head) * size.width;
  }
  std::size_t output(int image, int token, int head) const {
    const std::size_t row = static_cast<std::size_t>(image) * size.tokens + token;
    return (row * size.heads + head) * size.width;
  }
};

/** The softmax of a query's scores. */
std::vector<double> weightsOf(const HeadPlaces& at, const std::vector<float>& qkv, int image,
                              int token, int head) {
  const auto& [batch, tokens, heads, width] = at.size;
  std::vector<double> weights(tokens);
  double most = -INFINITY, sum = 0;
  for (int other = 0; other < tokens; ++other) {
    double score = 0;
    for (int i = 0; i < width; ++i) {
      score += static_cast<double>(qkv[at.input(image, token, 0, head) + i]) *
               qkv[at.input(image, other, 1, head) + i];
    }
    weights[other] = score / std::sqrt(static_cast<double>(width));
    most = std::max(most, weights[other]);
  }
  for (double& weight : weights) sum += weight = std::exp(weight - most);
  for (double& weight : weights) weight /= sum;
  return weights;
}

template <typename Visit>
void eachQuery(const Heads& size, const Visit& visit) {
  for (int image = 0; image < size.batch; ++image) {
    for (int head = 0; head < size.heads; ++head) {
      for (int token = 0; token < size.tokens; ++token) visit(image, token, head);
    }
  }
}

/** Calls `visit` with the places of a number of W* and of its factors in C and D, for every kernel.
 */
template <typename Visit>
void eachFactor(const Kronecker& size, const Visit& visit) {
  const auto& [kernels, splits, l, k, m, n] = size;
  std::size_t place = 0;
  for (int split = 0; split < splits; ++split) {
    for (int p = 0; p < l; ++p) {
      for (int a = 0; a < k; ++a) {
        for (int q = 0; q < m; ++q) {
          for (int b = 0; b < n; ++b, ++place) {
            for (int i = 0; i < kernels; ++i) {
              visit(place, (static_cast<std::size_t>(i) * l + p) * m + q,
                    ((static_cast<std::size_t>(i) * splits + split) * k + a) * n + b);
            }
          }
        }
      }
    }
  }
}

/** Calls `visit` with the places in y, C and x of what is multiplied. */
template <typename Visit>
void eachMixed(const Mix& size, const Visit& visit) {
  const auto& [rows, l, m, kernels, rank] = size;
  const std::size_t width = static_cast<std::size_t>(kernels) * rank;
  for (int row = 0; row < rows; ++row) {
    for (int p = 0; p < l; ++p) {
      for (int q = 0; q < m; ++q) {
        for (std::size_t j = 0; j < width; ++j) {
          visit((static_cast<std::size_t>(row) * l + p) * width + j, (j / rank * l + p) * m + q,
                (static_cast<std::size_t>(row) * m + q) * width + j);
        }
      }
    }
  }
}

std::vector<std::int32_t> sizeOf(const Kronecker& s) {
  return {s.kernels, s.splits, s.l, s.k, s.m, s.n};
}
std::vector<std::int32_t> sizeOf(const Mix& s) { return {s.rows, s.l, s.m, s.kernels, s.rank}; }
std::vector<std::int32_t> sizeOf(const Heads& s) { return {s.batch, s.tokens, s.heads, s.width}; }
std::vector<std::int32_t> sizeOf(const LayerNorm& s) {
  std::int32_t bits;
  std::memcpy(&bits, &s.epsilon, sizeof bits);
  return {s.rows, s.width, bits};
}

/** Values of GELU lie where both of its branches, and its tails, are needed. */
std::vector<float> spread(std::vector<float> values) {
  for (float& value : values) value *= 6;
  return values;
}

/** One row, less its mean and divided by its deviation. */
std::vector<double> normalised(const LayerNorm& size, const float* row, double* scale) {
  std::vector<double> values(row, row + size.width);
  double mean = 0, variance = 0;
  for (const double value : values) mean += value / size.width;
  for (double& value : values) value -= mean;
  for (const double value : values) variance += value * value / size.width;
  *scale = 1 / std::sqrt(variance + size.epsilon);
  for (double& value : values) value *= *scale;
  return values;
}

}  // namespace

bool Trial::holds(const float* result) const {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (allowed[i] >= 0 && !(std::abs(result[i] - expected[i]) <= allowed[i])) return false;
  }
  return true;
}

Trial matmulTrial(const Product& size) {
  const auto& [batch, m, n, k, transposeA, transposeB] = size;
  const std::size_t count = times({batch, m, n});
  const std::vector<float> a = drawn(times({batch, m, k}), 1), b = drawn(times({batch, k, n}), 2);
  std::vector<double> expected(count), allowed(count, -1);
  const bool whole = static_cast<double>(count) * k <= kComparedWhole;
  for (std::size_t place = 0; place < count; place += whole ? 1 : kComparedOneOf) {
    const std::size_t column = place % n, row = place / n % m, i = place / n / m;
    double sum = 0, absolute = 0;
    for (int d = 0; d < k; ++d) {
      const double left = a[i * m * k + (transposeA ? d * m + row : row * k + d)];
      const double right = b[i * k * n + (transposeB ? column * k + d : d * n + column)];
      sum += left * right;
      absolute += std::abs(left * right);
    }
    expected[place] = sum;
    allowed[place] = kProduct * absolute;
  }
  return {kMatmul,
          {a, b},
          {batch, m, n, k, transposeA ? 1 : 0, transposeB ? 1 : 0},
          std::move(expected),
          std::move(allowed)};
}

Trial attentionTrial(const Heads& size) {
  const HeadPlaces at{size};
  const std::vector<float> qkv = drawn(at.input(size.batch, 0, 0, 0), 3);
  std::vector<double> expected(at.output(size.batch, 0, 0));
  eachQuery(size, [&](int image, int token, int head) {
    const auto weights = weightsOf(at, qkv, image, token, head);
    for (int other = 0; other < size.tokens; ++other) {
      for (int i = 0; i < size.width; ++i) {
        expected[at.output(image, token, head) + i] +=
            weights[other] * qkv[at.input(image, other, 2, head) + i];
      }
    }
  });
  return attentionTrialOf(kAttention, {qkv}, sizeOf(size), std::move(expected));
}

Trial attentionGradientTrial(const Heads& size) {
  const HeadPlaces at{size};
  const std::vector<float> qkv = drawn(at.input(size.batch, 0, 0, 0), 3);
  const std::vector<float> dOut = drawn(at.output(size.batch, 0, 0), 4);
  const double scale = 1 / std::sqrt(static_cast<double>(size.width));
  std::vector<double> expected(qkv.size());
  eachQuery(size, [&](int image, int token, int head) {
    const auto weights = weightsOf(at, qkv, image, token, head);
    const float* d = dOut.data() + at.output(image, token, head);
    std::vector<double> dWeights(size.tokens);
    double mean = 0;
    for (int other = 0; other < size.tokens; ++other) {
      const std::size_t value = at.input(image, other, 2, head);
      for (int i = 0; i < size.width; ++i) {
        dWeights[other] += static_cast<double>(d[i]) * qkv[value + i];
        expected[value + i] += weights[other] * d[i];
      }
      mean += weights[other] * dWeights[other];
    }
    for (int other = 0; other < size.tokens; ++other) {
      const double dScore = scale * weights[other] * (dWeights[other] - mean);
      const std::size_t query = at.input(image, token, 0, head);
      const std::size_t key = at.input(image, other, 1, head);
      for (int i = 0; i < size.width; ++i) {
        expected[query + i] += dScore * qkv[key + i];
        expected[key + i] += dScore * qkv[query + i];
      }
    }
  });
  return attentionTrialOf(kAttentionGradient, {qkv, dOut}, sizeOf(size), std::move(expected));
}

Trial addKroneckerTrial(const Kronecker& size) {
  const auto weight = drawn(times({size.splits, size.l, size.k, size.m, size.n}), 5);
  const auto c = drawn(times({size.kernels, size.l, size.m}), 6);
  const auto d = drawn(times({size.kernels, size.splits, size.k, size.n}), 7);
  Sums sums(weight.size());
  for (std::size_t place = 0; place < weight.size(); ++place) sums.add(place, weight[place]);
  eachFactor(size, [&](std::size_t place, std::size_t ofC, std::size_t ofD) {
    sums.add(place, static_cast<double>(c[ofC]) * d[ofD]);
  });
  return trialOf(kAddKronecker, {weight, c, d}, sizeOf(size), std::move(sums));
}

Trial kroneckerGradientTrial(const Kronecker& size) {
  const auto dWeight = drawn(times({size.splits, size.l, size.k, size.m, size.n}), 5);
  const auto c = drawn(times({size.kernels, size.l, size.m}), 6);
  const auto d = drawn(times({size.kernels, size.splits, size.k, size.n}), 7);
  Sums sums(c.size() + d.size());
  eachFactor(size, [&](std::size_t place, std::size_t ofC, std::size_t ofD) {
    sums.add(ofC, static_cast<double>(dWeight[place]) * d[ofD]);
    sums.add(c.size() + ofD, static_cast<double>(dWeight[place]) * c[ofC]);
  });
  return trialOf(kKroneckerGradient, {dWeight, c, d}, sizeOf(size), std::move(sums));
}

Trial mixTrial(const Mix& size) {
  const auto x = drawn(times({size.rows, size.m, size.kernels, size.rank}), 8);
  const auto c = drawn(times({size.kernels, size.l, size.m}), 9);
  Sums sums(times({size.rows, size.l, size.kernels, size.rank}));
  eachMixed(size, [&](std::size_t ofY, std::size_t ofC, std::size_t ofX) {
    sums.add(ofY, static_cast<double>(c[ofC]) * x[ofX]);
  });
  return trialOf(kMix, {x, c}, sizeOf(size), std::move(sums));
}

Trial mixGradientTrial(const Mix& size) {
  const auto dy = drawn(times({size.rows, size.l, size.kernels, size.rank}), 10);
  const auto x = drawn(times({size.rows, size.m, size.kernels, size.rank}), 8);
  Sums sums(times({size.kernels, size.l, size.m}));
  eachMixed(size, [&](std::size_t ofY, std::size_t ofC, std::size_t ofX) {
    sums.add(ofC, static_cast<double>(dy[ofY]) * x[ofX]);
  });
  return trialOf(kMixGradient, {dy, x}, sizeOf(size), std::move(sums));
}

Trial geluTrial(const Rows& size, bool hasBias) {
  const auto x = spread(drawn(times({size.rows, size.width}), 11));
  const auto bias = drawn(hasBias ? size.width : 0, 12);
  Sums sums(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double z = x[i] + (hasBias ? static_cast<double>(bias[i % size.width]) : 0);
    sums.add(i, z * std::erfc(-z * M_SQRT1_2) / 2);
  }
  return trialOf(kGelu, {x, bias}, {size.rows, size.width, hasBias ? 1 : 0}, std::move(sums));
}

Trial geluGradientTrial(const Rows& size, bool hasBias) {
  const auto x = spread(drawn(times({size.rows, size.width}), 11));
  const auto bias = drawn(hasBias ? size.width : 0, 12);
  const auto dy = drawn(x.size(), 13);
  Sums sums(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double z = x[i] + (hasBias ? static_cast<double>(bias[i % size.width]) : 0);
    const double density = std::exp(-z * z / 2) * M_2_SQRTPI * M_SQRT1_2 / 2;
    sums.add(i, dy[i] * std::erfc(-z * M_SQRT1_2) / 2);
    sums.add(i, dy[i] * z * density);
  }
  return trialOf(kGeluGradient, {x, bias, dy}, {size.rows, size.width, hasBias ? 1 : 0},
                 std::move(sums));
}

Trial layerNormTrial(const LayerNorm& size) {
  const auto x = drawn(times({size.rows, size.width}), 14);
  const auto weight = drawn(size.width, 15), bias = drawn(size.width, 16);
  Sums sums(x.size());
  for (std::size_t row = 0; row < x.size(); row += size.width) {
    double scale;
    const auto n = normalised(size, x.data() + row, &scale);
    for (int i = 0; i < size.width; ++i) {
      sums.add(row + i, n[i] * weight[i]);
      sums.add(row + i, bias[i]);
    }
  }
  return trialOf(kLayerNorm, {x, weight, bias}, sizeOf(size), std::move(sums));
}

Trial layerNormGradientTrial(const LayerNorm& size) {
  const auto x = drawn(times({size.rows, size.width}), 14);
  const auto weight = drawn(size.width, 15);
  const auto dy = drawn(x.size(), 17);
  Sums sums(x.size());
  for (std::size_t row = 0; row < x.size(); row += size.width) {
    double scale, mean = 0, along = 0;
    const auto n = normalised(size, x.data() + row, &scale);
    for (int i = 0; i < size.width; ++i) {
      const double gradient = static_cast<double>(dy[row + i]) * weight[i];
      mean += gradient / size.width;
      along += gradient * n[i] / size.width;
    }
    for (int i = 0; i < size.width; ++i) {
      const double gradient = static_cast<double>(dy[row + i]) * weight[i];
      for (const double term : {gradient, -mean, -n[i] * along}) sums.add(row + i, scale * term);
    }
  }
  return trialOf(kLayerNormGradient, {x, weight, dy}, sizeOf(size), std::move(sums));
}

}  // namespace karst
