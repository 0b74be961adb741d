#include "resample.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace karst {
namespace {

constexpr double kPi = 3.14159265358979323846;

double box(double x) { return x > -0.5 && x <= 0.5 ? 1 : 0; }

double triangle(double distance) { return std::max(0.0, 1 - std::fabs(distance)); }

double sinc(double x) { return x == 0 ? 1 : std::sin(x * kPi) / (x * kPi); }

double hamming(double distance) {
  const double x = std::fabs(distance);
  return x < 1 ? sinc(x) * (0.54 + 0.46 * std::cos(x * kPi)) : 0;
}

double cubic(double distance) {
  const double x = std::fabs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return 0;
}

double lanczos(double x) { return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0; }

struct KernelShape {
  /** Distance from which on the weight is 0. */
  double support;
  double (*weight)(double distance);
};

/** By Kernel. */
constexpr KernelShape kShapes[kKernels] = {
    {1, triangle}, {2, cubic}, {0.5, box}, {1, hamming}, {3, lanczos}};

/** Weights of the output samples from … from + length - 1 when `size` samples become `target`. */
struct ExactWeights {
  ExactWeights(std::int64_t size, std::int64_t target, std::int64_t from, std::int64_t length,
               Kernel kernel)
      : first(length), count(length) {
    const KernelShape& shape = kShapes[static_cast<std::size_t>(kernel)];
    const double scale = static_cast<double>(size) / static_cast<double>(target);
    const double widening = std::max(scale, 1.0);
    const double support = shape.support * widening;
    step = static_cast<std::size_t>(std::ceil(support)) * 2 + 1;
    values.resize(length * step);
    const double inverse = 1 / widening;
    for (std::int64_t i = 0; i < length; i++) {
      const double centre = (static_cast<double>(from + i) + 0.5) * scale;
      const auto begin = std::max<std::int64_t>(0, std::trunc(centre - support + 0.5));
      const auto end = std::min<std::int64_t>(size, std::trunc(centre + support + 0.5));
      double* const own = values.data() + i * step;
      double sum = 0;
      for (std::int64_t x = begin; x < end; x++) {
        own[x - begin] = shape.weight((static_cast<double>(x) - centre + 0.5) * inverse);
        sum += own[x - begin];
      }
      if (sum != 0) {
        for (std::int64_t x = 0; x < end - begin; x++) own[x] /= sum;
      }
      first[i] = static_cast<std::int32_t>(begin);
      count[i] = static_cast<std::int32_t>(end - begin);
      last = std::max(last, end);
    }
  }

  std::size_t step;
  /** One beyond the last input sample that is read. */
  std::int64_t last = 0;
  std::vector<std::int32_t> first;
  std::vector<std::int32_t> count;
  std::vector<double> values;
};

/** The same in fixed point. Owns what Weights points to. */
class WeightTable {
 public:
  WeightTable(std::int64_t size, std::int64_t target, std::int64_t from, std::int64_t length,
              Kernel kernel)
      : exact_(size, target, from, length, kernel), values_(exact_.values.size()) {
    for (std::size_t i = 0; i < values_.size(); i++) {
      const double fixed = exact_.values[i] * (1 << kPrecision);
      values_[i] = static_cast<std::int32_t>(fixed < 0 ? fixed - 0.5 : fixed + 0.5);
    }
  }

  Weights view() const {
    return {exact_.first.data(), exact_.count.data(), values_.data(), exact_.step,
            exact_.first.size()};
  }

  /** The input samples that are read: begin() … end() - 1. */
  std::int64_t begin() const { return exact_.first[0]; }
  std::int64_t end() const { return exact_.last; }

 private:
  ExactWeights exact_;
  std::vector<std::int32_t> values_;
};

/**
 * Rows of the horizontal pass, made in order when the vertical one asks for them. The last ones are
 * kept, so that they are still in the first-level cache when they are read.
 */
class RowRing {
 public:
  /** @param kept how many rows before the last one asked for must stay */
  RowRing(const std::uint8_t* pixels, const Resampling& task, const Passes& passes,
          std::int64_t first_row, std::int64_t kept)
      : first_byte_(pixels + 3 * ((task.source.top * task.width) + task.source.left)),
        stride_(3 * task.width),
        rows_(task.source.height),
        task_(task),
        passes_(passes),
        made_(first_row),
        capacity_(kept + kLanes),
        bytes_(3 * task.crop.width),
        row_stride_(bytes_ + kSlack),
        ring_(capacity_ * row_stride_) {
    if (task.target_width == task.source.width) return;
    weights_.emplace_back(task.source.width, task.target_width, task.crop.left, task.crop.width,
                          task.kernel);
    scratch_.resize(passes.scratch(weights_[0].end() - weights_[0].begin(), task.crop.width));
  }

  /** Makes all rows before `end`. */
  void until(std::int64_t end) {
    while (made_ < end) weights_.empty() ? copyRow() : resampleRows();
  }

  const std::uint8_t* row(std::int64_t y) const {
    return ring_.data() + (y % capacity_) * row_stride_;
  }

 private:
  std::uint8_t* place(std::int64_t y) { return ring_.data() + (y % capacity_) * row_stride_; }

  void copyRow() {
    const std::uint8_t* from = first_byte_ + made_ * stride_ + 3 * task_.crop.left;
    std::memcpy(place(made_), from, bytes_);
    made_++;
  }

  void resampleRows() {
    const std::uint8_t* in[kLanes];
    std::uint8_t* out[kLanes];
    for (int i = 0; i < kLanes; i++) {
      // Beyond the last row it is taken again; the result is never read.
      in[i] = first_byte_ + std::min(made_ + i, rows_ - 1) * stride_;
      out[i] = place(made_ + i);
    }
    const WeightTable& weights = weights_[0];
    passes_.across(in, weights.begin(), weights.end() - weights.begin(), weights.view(), out,
                   scratch_.data());
    made_ += kLanes;
  }

  const std::uint8_t* first_byte_;
  std::int64_t stride_;
  std::int64_t rows_;
  const Resampling& task_;
  const Passes& passes_;
  std::int64_t made_;
  std::int64_t capacity_;
  std::size_t bytes_;
  std::size_t row_stride_;
  std::vector<std::uint8_t> ring_;
  /** One, or none when the width stays. */
  std::vector<WeightTable> weights_;
  std::vector<std::uint8_t> scratch_;
};

}  // namespace

void resample(const std::uint8_t* pixels, const Resampling& task, const Passes& passes,
              std::uint8_t* out) {
  const Rectangle& crop = task.crop;
  const std::size_t bytes = 3 * crop.width;
  if (task.target_height == task.source.height) {
    RowRing rows(pixels, task, passes, crop.top, 1);
    for (std::int64_t y = 0; y < crop.height; y++) {
      rows.until(crop.top + y + 1);
      std::memcpy(out + y * bytes, rows.row(crop.top + y), bytes);
    }
    return;
  }
  const WeightTable table(task.source.height, task.target_height, crop.top, crop.height,
                          task.kernel);
  const Weights weights = table.view();
  RowRing rows(pixels, task, passes, table.begin(), weights.step);
  std::vector<const std::uint8_t*> in(weights.step);
  for (std::int64_t y = 0; y < crop.height; y++) {
    const std::int64_t first = weights.first[y];
    const std::int64_t count = weights.count[y];
    rows.until(first + count);
    for (std::int64_t k = 0; k < count; k++) in[k] = rows.row(first + k);
    passes.down(in.data(), weights.values + y * weights.step, count, bytes, out + y * bytes);
  }
}

void resampleFloats(const std::uint8_t* pixels, const Resampling& task, float* out) {
  const Rectangle& source = task.source;
  const Rectangle& crop = task.crop;
  const ExactWeights columns(source.width, task.target_width, crop.left, crop.width, task.kernel);
  const ExactWeights rows(source.height, task.target_height, crop.top, crop.height, task.kernel);
  const std::int64_t first_row = rows.first[0];
  const std::int64_t across = 3 * crop.width;
  std::vector<float> middle((rows.last - first_row) * across);
  for (std::int64_t y = first_row; y < rows.last; y++) {
    const std::uint8_t* const row = pixels + 3 * ((source.top + y) * task.width + source.left);
    float* const to = middle.data() + (y - first_row) * across;
    for (std::int64_t x = 0; x < crop.width; x++) {
      const std::uint8_t* from = row + 3 * columns.first[x];
      const double* const weights = columns.values.data() + x * columns.step;
      double red = 0, green = 0, blue = 0;
      for (std::int32_t k = 0; k < columns.count[x]; k++, from += 3) {
        red += weights[k] * from[0];
        green += weights[k] * from[1];
        blue += weights[k] * from[2];
      }
      to[3 * x] = static_cast<float>(red);
      to[3 * x + 1] = static_cast<float>(green);
      to[3 * x + 2] = static_cast<float>(blue);
    }
  }
  std::vector<double> sums(across);
  for (std::int64_t y = 0; y < crop.height; y++) {
    std::fill(sums.begin(), sums.end(), 0.0);
    for (std::int32_t k = 0; k < rows.count[y]; k++) {
      const double weight = rows.values[y * rows.step + k];
      const float* const from = middle.data() + (rows.first[y] - first_row + k) * across;
      for (std::int64_t i = 0; i < across; i++) sums[i] += weight * from[i];
    }
    for (std::int64_t i = 0; i < across; i++) out[y * across + i] = static_cast<float>(sums[i]);
  }
}

}  // namespace karst
