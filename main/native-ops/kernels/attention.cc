#include "attention.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>

#include "exponential.h"
#include "product.h"
#include "scratch.h"
#include "thread-pool.h"
#include "vec.h"

namespace karst {
namespace {

thread_local Scratch panelScratch, scoreScratch;

/** Memory for panels, handed out in pieces. */
class PanelMemory {
 public:
  explicit PanelMemory(Packed* start) : next_(start) {}
  Packed* take(int panels, int steps) {
    Packed* taken = next_;
    next_ += panels * steps * kPanelStep;
    return taken;
  }

 private:
  Packed* next_;
};

/** One head of one image: a matrix (tokens, width) each of queries, keys and values. */
struct Head {
  int tokens, width;
  /** Rows of q, k and v, and of what belongs to the heads' results. */
  std::size_t inputStride, outputStride;
  const float *q, *k, *v;

  Head(const Heads& size, int index, const float* qkv)
      : tokens(size.tokens),
        width(size.width),
        inputStride(static_cast<std::size_t>(3) * size.heads * size.width),
        outputStride(static_cast<std::size_t>(size.heads) * size.width),
        q(qkv + inputOffset(size, index)),
        k(q + outputStride),
        v(k + outputStride) {}

  static std::size_t inputOffset(const Heads& size, int index) {
    const std::size_t image = index / size.heads, head = index % size.heads;
    return (image * size.tokens * 3 * size.heads + head) * size.width;
  }
  static std::size_t outputOffset(const Heads& size, int index) {
    const std::size_t image = index / size.heads, head = index % size.heads;
    return (image * size.tokens * size.heads + head) * size.width;
  }

  int tokenPanels() const { return ceilDivide(tokens, kPanelWidth); }
  int widthPanels() const { return ceilDivide(width, kPanelWidth); }
  int tokenSteps() const { return stepsOf(tokens); }
  int widthSteps() const { return stepsOf(width); }
  /** Floats of a row of scores. */
  int scores() const { return tokenPanels() * kPanelWidth; }
  int rowsOf(int panel) const { return std::min(kPanelWidth, tokens - panel * kPanelWidth); }

  /** `values` (tokens, width) as a right operand that is multiplied over the width. */
  void packAcross(const float* values, std::size_t stride, Packed* panels) const {
    packPart<true>({values, stride, true},
                   {0, tokens, 0, width, panels, widthSteps() * kPanelStep});
  }
  /** `values` (tokens, width) as a right operand that is multiplied over the tokens. */
  void packDown(const float* values, std::size_t stride, Packed* panels) const {
    packPart<true>({values, stride, false},
                   {0, width, 0, tokens, panels, tokenSteps() * kPanelStep});
  }
  /** The rows of a panel of `values` (tokens, width) as a left operand. */
  LeftMicroPanel rowsAcross(const float* values, std::size_t stride, int panel,
                            Packed* rows) const {
    const int first = panel * kPanelWidth;
    return LeftMicroPanels({values, stride, true}, {first, first + rowsOf(panel), 0, width, rows,
                                                    widthSteps() * kPanelStep})[0];
  }
  /** Rows of scores as a left operand that is multiplied over the tokens. */
  LeftMicroPanel scoresDown(const float* values, int rows, Packed* panel) const {
    return LeftMicroPanels({values, static_cast<std::size_t>(scores()), true},
                           {0, rows, 0, tokens, panel, tokenSteps() * kPanelStep})[0];
  }
  /** The columns of a panel of rows of scores, as one step of left operands over all queries. */
  void packScoresTransposed(const float* values, int panel, Packed* panels) const {
    packPart<false>(
        {values, static_cast<std::size_t>(scores()), false},
        {0, tokens, 0, rowsOf(panel), panels + panel * kPanelStep, tokenSteps() * kPanelStep});
  }

  /** (rows, tokens) of `left`, a panel over the width, with `right`, made by `packAcross`. */
  void multiplyAcross(const LeftMicroPanel& left, const Packed* right, int rows,
                      float* values) const {
    for (int j = 0; j < tokenPanels(); ++j) {
      multiplyPanels(
          left, right + j * widthSteps() * kPanelStep, width,
          {values + j * kPanelWidth, static_cast<std::size_t>(scores()), rows, rowsOf(j)});
    }
  }
  /** (rows, width) of `left`, a panel over the tokens, with `right`, made by `packDown`. */
  void multiplyDown(const LeftMicroPanel& left, const Packed* right, int rows, float* values,
                    std::size_t stride) const {
    for (int j = 0; j < widthPanels(); ++j) {
      multiplyPanels(
          left, right + j * tokenSteps() * kPanelStep, tokens,
          {values + j * kPanelWidth, stride, rows, std::min(kPanelWidth, width - j * kPanelWidth)});
    }
  }
};

/** Turns a row of `count` scores into exp(scale · (score − the greatest)). @returns their sum */
float exponentials(float* row, int count, float scale) {
  Vec most = broadcast(-INFINITY);
  forEachVec(count,
             [&](int i, auto mask) { most = ifThenElse(mask, max(most, load(row + i)), most); });
  most = broadcast(reduceMax(most));
  Vec total = broadcast(0);
  forEachVec(count, [&](int i, auto mask) {
    const Vec e = exponential((load(row + i) - most) * broadcast(scale));
    total = ifThenElse(mask, total + e, total);
    store(row + i, e, mask);
  });
  return reduceSum(total);
}

/** row *= factor. */
void scaleRow(float* row, int count, float factor) {
  forEachVec(count, [&](int i, auto mask) {
    store(row + i, load(row + i, mask) * broadcast(factor), mask);
  });
}

/** Through a row p of the softmax: dp becomes scale · p ⊙ (dp − p · dp). */
void softmaxGradient(const float* p, float* dp, int count, float scale) {
  Vec products = broadcast(0);
  forEachVec(count, [&](int i, auto mask) {
    products = mulAdd(load(p + i, mask), load(dp + i, mask), products);
  });
  const Vec mean = broadcast(reduceSum(products));
  forEachVec(count, [&](int i, auto mask) {
    store(dp + i, load(p + i, mask) * broadcast(scale) * (load(dp + i, mask) - mean), mask);
  });
}

float scaleOf(const Heads& size) { return 1.0f / std::sqrt(static_cast<float>(size.width)); }

void attendHead(const Heads& size, int index, const float* qkv, float* out) {
  const Head head(size, index, qkv);
  const int tokens = head.tokenPanels(), width = head.widthPanels();
  const int down = head.tokenSteps(), across = head.widthSteps();
  PanelMemory memory(
      panelScratch.ofSize<Packed>((tokens * across + width * down + across + down) * kPanelStep));
  Packed *keys = memory.take(tokens, across), *values = memory.take(width, down);
  Packed *queries = memory.take(1, across), *weights = memory.take(1, down);
  float* scores = scoreScratch.ofSize<float>(kPanelWidth * head.scores());
  float* result = out + Head::outputOffset(size, index);
  head.packAcross(head.k, head.inputStride, keys);
  head.packDown(head.v, head.inputStride, values);
  for (int panel = 0; panel < tokens; ++panel) {
    const int rows = head.rowsOf(panel);
    float* rowsOut = result + panel * kPanelWidth * head.outputStride;
    head.multiplyAcross(head.rowsAcross(head.q, head.inputStride, panel, queries), keys, rows,
                        scores);
    float sums[kPanelWidth];
    for (int i = 0; i < rows; ++i)
      sums[i] = exponentials(scores + i * head.scores(), head.tokens, scaleOf(size));
    head.multiplyDown(head.scoresDown(scores, rows, weights), values, rows, rowsOut,
                      head.outputStride);
    for (int i = 0; i < rows; ++i)
      scaleRow(rowsOut + i * head.outputStride, head.width, 1.0f / sums[i]);
  }
}

void attendHeadGradient(const Heads& size, int index, const float* qkv, const float* dOut,
                        float* dQkv) {
  const Head head(size, index, qkv);
  const int tokens = head.tokenPanels(), width = head.widthPanels();
  const int down = head.tokenSteps(), across = head.widthSteps();
  PanelMemory memory(panelScratch.ofSize<Packed>(
      (2 * tokens * across + 3 * width * down + 2 * tokens * down + 2 * across + down) *
      kPanelStep));
  Packed *keysAcross = memory.take(tokens, across), *valuesAcross = memory.take(tokens, across);
  Packed *keysDown = memory.take(width, down), *queriesDown = memory.take(width, down);
  Packed* dOutDown = memory.take(width, down);
  Packed* weightsTransposed = memory.take(tokens, down);
  Packed* dScoresTransposed = memory.take(tokens, down);
  Packed *queries = memory.take(1, across), *dRows = memory.take(1, across);
  Packed* dScores = memory.take(1, down);
  float* weights = scoreScratch.ofSize<float>(2 * kPanelWidth * head.scores());
  float* dWeights = weights + kPanelWidth * head.scores();
  const float* d = dOut + Head::outputOffset(size, index);
  float* dQ = dQkv + Head::inputOffset(size, index);
  float *dK = dQ + head.outputStride, *dV = dK + head.outputStride;
  head.packAcross(head.k, head.inputStride, keysAcross);
  head.packAcross(head.v, head.inputStride, valuesAcross);
  head.packDown(head.k, head.inputStride, keysDown);
  head.packDown(head.q, head.inputStride, queriesDown);
  head.packDown(d, head.outputStride, dOutDown);
  for (int panel = 0; panel < tokens; ++panel) {
    const int rows = head.rowsOf(panel);
    head.multiplyAcross(head.rowsAcross(head.q, head.inputStride, panel, queries), keysAcross, rows,
                        weights);
    head.multiplyAcross(head.rowsAcross(d, head.outputStride, panel, dRows), valuesAcross, rows,
                        dWeights);
    for (int i = 0; i < rows; ++i) {
      float *p = weights + i * head.scores(), *dp = dWeights + i * head.scores();
      const float sum = exponentials(p, head.tokens, scaleOf(size));
      scaleRow(p, head.tokens, 1.0f / sum);
      softmaxGradient(p, dp, head.tokens, scaleOf(size));
    }
    head.multiplyDown(head.scoresDown(dWeights, rows, dScores), keysDown, rows,
                      dQ + panel * kPanelWidth * head.inputStride, head.inputStride);
    head.packScoresTransposed(weights, panel, weightsTransposed);
    head.packScoresTransposed(dWeights, panel, dScoresTransposed);
  }
  for (int panel = 0; panel < tokens; ++panel) {
    const int rows = head.rowsOf(panel);
    const std::size_t from = panel * down * kPanelStep;
    const std::size_t to = panel * kPanelWidth * head.inputStride;
    head.multiplyDown(LeftMicroPanel::packed(weightsTransposed + from), dOutDown, rows, dV + to,
                      head.inputStride);
    head.multiplyDown(LeftMicroPanel::packed(dScoresTransposed + from), queriesDown, rows, dK + to,
                      head.inputStride);
  }
}

template <typename Work>
void eachHead(const Heads& size, const Work& work) {
  std::atomic<int> next{0};
  threadPool().run([&] {
    ProductUnit unit;
    for (int index; (index = next++) < size.batch * size.heads;) work(index);
  });
}

}  // namespace

void attention(const Heads& size, const float* qkv, float* out) {
  eachHead(size, [&](int index) { attendHead(size, index, qkv, out); });
}

void attentionGradient(const Heads& size, const float* qkv, const float* dOut, float* dQkv) {
  eachHead(size, [&](int index) { attendHeadGradient(size, index, qkv, dOut, dQkv); });
}

}  // namespace karst
