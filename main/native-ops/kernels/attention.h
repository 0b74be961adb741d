#pragma once

namespace karst {

/** Query, key and value of `heads` heads of `width` numbers, side by side: (batch, tokens, 3,
 * heads, width). */
struct Heads {
  int batch, tokens, heads, width;
};

/**
 * out (batch, tokens, heads, width) = softmax(q kᵀ / √width) v of every head (arXiv 1706.03762),
 * its products computed as by `matmul`. Scores stay in the caches (as in arXiv 2205.14135, with a
 * whole head as the tile).
 */
void attention(const Heads& size, const float* qkv, float* out);

/** The gradient (as `qkv`) of a loss whose gradient for `attention(qkv)` is `dOut`. */
void attentionGradient(const Heads& size, const float* qkv, const float* dOut, float* dQkv);

}  // namespace karst
