#include "attention.h"

#include <immintrin.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>

#include "exponential.h"
#include "scratch.h"
#include "split-panel.h"
#include "tile-product.h"
#include "worker-team.h"

namespace karst {
namespace {

thread_local Scratch panelScratch, scoreScratch;

/** Memory for panels, handed out in pieces. */
class PanelMemory {
 public:
  explicit PanelMemory(BFloat16* start) : next_(start) {}
  BFloat16* take(int panels, int steps) {
    BFloat16* taken = next_;
    next_ += panels * steps * kPanelStep;
    return taken;
  }

 private:
  BFloat16* next_;
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

  int tokenPanels() const { return ceilDivide(tokens, kPanelLines); }
  int widthPanels() const { return ceilDivide(width, kPanelLines); }
  int tokenTiles() const { return tilesOf(tokens); }
  int widthTiles() const { return tilesOf(width); }
  /** Floats of a row of scores. */
  int scores() const { return tokenPanels() * kPanelLines; }
  int rowsOf(int panel) const { return std::min(kPanelLines, tokens - panel * kPanelLines); }

  /** `values` (tokens, width) as a right operand that is multiplied over the width. */
  void packAcross(const float* values, std::size_t stride, BFloat16* panels) const {
    packPart<true>({values, stride, true},
                   {0, tokens, 0, width, panels, widthTiles() * kPanelStep});
  }
  /** `values` (tokens, width) as a right operand that is multiplied over the tokens. */
  void packDown(const float* values, std::size_t stride, BFloat16* panels) const {
    packPart<true>({values, stride, false},
                   {0, width, 0, tokens, panels, tokenTiles() * kPanelStep});
  }
  /** The rows of a panel of `values` (tokens, width) as a left operand. */
  void packRows(const float* values, std::size_t stride, int panel, BFloat16* rows) const {
    const int first = panel * kPanelLines;
    packPart<false>({values, stride, true},
                    {first, first + rowsOf(panel), 0, width, rows, widthTiles() * kPanelStep});
  }
  /** Rows of scores as a left operand that is multiplied over the tokens. */
  void packScores(const float* values, int rows, BFloat16* panel) const {
    packPart<false>({values, static_cast<std::size_t>(scores()), true},
                    {0, rows, 0, tokens, panel, tokenTiles() * kPanelStep});
  }
  /** The columns of a panel of rows of scores, as one step of left operands over all queries. */
  void packScoresTransposed(const float* values, int panel, BFloat16* panels) const {
    packPart<false>(
        {values, static_cast<std::size_t>(scores()), false},
        {0, tokens, 0, rowsOf(panel), panels + panel * kPanelStep, tokenTiles() * kPanelStep});
  }

  /** (rows, tokens) of `left`, a panel over the width, with `right`, made by `packAcross`. */
  void multiplyAcross(const BFloat16* left, const BFloat16* right, int rows, float* values) const {
    for (int j = 0; j < tokenPanels(); ++j) {
      multiplyPanels(
          left, right + j * widthTiles() * kPanelStep, widthTiles(),
          {values + j * kPanelLines, static_cast<std::size_t>(scores()), rows, rowsOf(j)});
    }
  }
  /** (rows, width) of `left`, a panel over the tokens, with `right`, made by `packDown`. */
  void multiplyDown(const BFloat16* left, const BFloat16* right, int rows, float* values,
                    std::size_t stride) const {
    for (int j = 0; j < widthPanels(); ++j) {
      multiplyPanels(
          left, right + j * tokenTiles() * kPanelStep, tokenTiles(),
          {values + j * kPanelLines, stride, rows, std::min(kPanelLines, width - j * kPanelLines)});
    }
  }
};

/** Turns a row of `count` scores into exp(scale · (score − the greatest)). @returns their sum */
float exponentials(float* row, int count, float scale) {
  __m512 greatest = _mm512_set1_ps(-INFINITY);
  eachSixteen(count, [&](int i, __mmask16 own) {
    greatest = _mm512_mask_max_ps(greatest, own, greatest, _mm512_loadu_ps(row + i));
  });
  const __m512 most = _mm512_set1_ps(_mm512_reduce_max_ps(greatest));
  __m512 sum = _mm512_setzero_ps();
  eachSixteen(count, [&](int i, __mmask16 own) {
    const __m512 distance = _mm512_sub_ps(_mm512_loadu_ps(row + i), most);
    const __m512 e = exponential(_mm512_mul_ps(distance, _mm512_set1_ps(scale)));
    sum = _mm512_mask_add_ps(sum, own, sum, e);
    _mm512_mask_storeu_ps(row + i, own, e);
  });
  return _mm512_reduce_add_ps(sum);
}

/** row *= factor. */
void scaleRow(float* row, int count, float factor) {
  eachSixteen(count, [&](int i, __mmask16 own) {
    const __m512 scaled =
        _mm512_mul_ps(_mm512_maskz_loadu_ps(own, row + i), _mm512_set1_ps(factor));
    _mm512_mask_storeu_ps(row + i, own, scaled);
  });
}

/** Through a row p of the softmax: dp becomes scale · p ⊙ (dp − p · dp). */
void softmaxGradient(const float* p, float* dp, int count, float scale) {
  __m512 products = _mm512_setzero_ps();
  eachSixteen(count, [&](int i, __mmask16 own) {
    products =
        _mm512_mask3_fmadd_ps(_mm512_loadu_ps(p + i), _mm512_loadu_ps(dp + i), products, own);
  });
  const __m512 mean = _mm512_set1_ps(_mm512_reduce_add_ps(products));
  eachSixteen(count, [&](int i, __mmask16 own) {
    const __m512 share = _mm512_mul_ps(_mm512_loadu_ps(p + i), _mm512_set1_ps(scale));
    const __m512 d = _mm512_sub_ps(_mm512_loadu_ps(dp + i), mean);
    _mm512_mask_storeu_ps(dp + i, own, _mm512_mul_ps(share, d));
  });
}

float scaleOf(const Heads& size) { return 1.0f / std::sqrt(static_cast<float>(size.width)); }

void attendHead(const Heads& size, int index, const float* qkv, float* out) {
  const Head head(size, index, qkv);
  const int tokens = head.tokenPanels(), width = head.widthPanels();
  const int down = head.tokenTiles(), across = head.widthTiles();
  PanelMemory memory(
      panelScratch.ofSize<BFloat16>((tokens * across + width * down + across + down) * kPanelStep));
  BFloat16 *keys = memory.take(tokens, across), *values = memory.take(width, down);
  BFloat16 *queries = memory.take(1, across), *weights = memory.take(1, down);
  float* scores = scoreScratch.ofSize<float>(kPanelLines * head.scores());
  float* result = out + Head::outputOffset(size, index);
  head.packAcross(head.k, head.inputStride, keys);
  head.packDown(head.v, head.inputStride, values);
  for (int panel = 0; panel < tokens; ++panel) {
    const int rows = head.rowsOf(panel);
    float* rowsOut = result + panel * kPanelLines * head.outputStride;
    head.packRows(head.q, head.inputStride, panel, queries);
    head.multiplyAcross(queries, keys, rows, scores);
    float sums[kPanelLines];
    for (int i = 0; i < rows; ++i)
      sums[i] = exponentials(scores + i * head.scores(), head.tokens, scaleOf(size));
    head.packScores(scores, rows, weights);
    head.multiplyDown(weights, values, rows, rowsOut, head.outputStride);
    for (int i = 0; i < rows; ++i)
      scaleRow(rowsOut + i * head.outputStride, head.width, 1.0f / sums[i]);
  }
}

void attendHeadGradient(const Heads& size, int index, const float* qkv, const float* dOut,
                        float* dQkv) {
  const Head head(size, index, qkv);
  const int tokens = head.tokenPanels(), width = head.widthPanels();
  const int down = head.tokenTiles(), across = head.widthTiles();
  PanelMemory memory(panelScratch.ofSize<BFloat16>(
      (2 * tokens * across + 3 * width * down + 2 * tokens * down + 2 * across + down) *
      kPanelStep));
  BFloat16 *keysAcross = memory.take(tokens, across), *valuesAcross = memory.take(tokens, across);
  BFloat16 *keysDown = memory.take(width, down), *queriesDown = memory.take(width, down);
  BFloat16* dOutDown = memory.take(width, down);
  BFloat16* weightsTransposed = memory.take(tokens, down);
  BFloat16* dScoresTransposed = memory.take(tokens, down);
  BFloat16 *queries = memory.take(1, across), *dRows = memory.take(1, across);
  BFloat16* dScores = memory.take(1, down);
  float* weights = scoreScratch.ofSize<float>(2 * kPanelLines * head.scores());
  float* dWeights = weights + kPanelLines * head.scores();
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
    head.packRows(head.q, head.inputStride, panel, queries);
    head.packRows(d, head.outputStride, panel, dRows);
    head.multiplyAcross(queries, keysAcross, rows, weights);
    head.multiplyAcross(dRows, valuesAcross, rows, dWeights);
    for (int i = 0; i < rows; ++i) {
      float *p = weights + i * head.scores(), *dp = dWeights + i * head.scores();
      const float sum = exponentials(p, head.tokens, scaleOf(size));
      scaleRow(p, head.tokens, 1.0f / sum);
      softmaxGradient(p, dp, head.tokens, scaleOf(size));
    }
    head.packScores(dWeights, rows, dScores);
    head.multiplyDown(dScores, keysDown, rows, dQ + panel * kPanelLines * head.inputStride,
                      head.inputStride);
    head.packScoresTransposed(weights, panel, weightsTransposed);
    head.packScoresTransposed(dWeights, panel, dScoresTransposed);
  }
  for (int panel = 0; panel < tokens; ++panel) {
    const int rows = head.rowsOf(panel);
    const std::size_t from = panel * down * kPanelStep;
    const std::size_t to = panel * kPanelLines * head.inputStride;
    head.multiplyDown(weightsTransposed + from, dOutDown, rows, dV + to, head.inputStride);
    head.multiplyDown(dScoresTransposed + from, queriesDown, rows, dK + to, head.inputStride);
  }
}

template <typename Work>
void eachHead(const Heads& size, const Work& work) {
  std::atomic<int> next{0};
  team().run([&] {
    TileRegisters tiles;
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
