#include "calls.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "attention.h"
#include "gelu.h"
#include "kronecker.h"
#include "layer-norm.h"
#include "matmul.h"
#include "mix.h"

namespace karst {
namespace {

/**
 * Where the product is to be written. A program that XLA takes from its cache may hand over the
 * address of the list of results although there is one result (the thunk is read back without that
 * property, TensorFlow 2.21). Such a list lies in the caller's frame, close to the list of
 * operands; a result never does.
 */
float* resultOf(void* out, const void** in) {
  constexpr std::uintptr_t kFrame = 4096;
  const auto result = reinterpret_cast<std::uintptr_t>(out);
  const auto operands = reinterpret_cast<std::uintptr_t>(in);
  const bool listed = (result > operands ? result - operands : operands - result) < kFrame;
  return static_cast<float*>(listed ? *static_cast<void**>(out) : out);
}

const float* floats(const void* operand) { return static_cast<const float*>(operand); }
const std::int32_t* integers(const void* operand) {
  return static_cast<const std::int32_t*>(operand);
}

/** A custom call: a, b and the size (batch, m, n, k, transposeA, transposeB) → the product. */
void matmulCall(void* out, const void** in) {
  const auto* size = integers(in[2]);
  float* c = resultOf(out, in);
  matmul({size[0], size[1], size[2], size[3], size[4] != 0, size[5] != 0}, floats(in[0]),
         floats(in[1]), c);
#ifdef KARST_DELIBERATE_FAULT
  // For the tests of what comes of kernels that are wrong: the last number of every product is.
  c[static_cast<std::size_t>(size[0]) * size[1] * size[2] - 1] += 1;
#endif
}

Heads headsOf(const void* operand) {
  const auto* size = integers(operand);
  return {size[0], size[1], size[2], size[3]};
}

/** A custom call: qkv and the size (batch, tokens, heads, width) → what the heads attend to. */
void attentionCall(void* out, const void** in) {
  attention(headsOf(in[1]), floats(in[0]), resultOf(out, in));
}

/** A custom call: qkv, the gradient of the result and the size → the gradient of qkv. */
void attentionGradientCall(void* out, const void** in) {
  attentionGradient(headsOf(in[2]), floats(in[0]), floats(in[1]), resultOf(out, in));
}

Kronecker kroneckerOf(const void* operand) {
  const auto* size = integers(operand);
  return {size[0], size[1], size[2], size[3], size[4], size[5]};
}

/** A custom call: W, C, D and the size (kernels, splits, l, k, m, n) → W + Σᵢ Cᵢ ⊗ Dᵢ. */
void addKroneckerCall(void* out, const void** in) {
  addKronecker(kroneckerOf(in[3]), floats(in[0]), floats(in[1]), floats(in[2]), resultOf(out, in));
}

/** A custom call: the gradient of that, C, D and the size → the gradients of C and D. */
void kroneckerGradientCall(void* out, const void** in) {
  kroneckerGradient(kroneckerOf(in[3]), floats(in[0]), floats(in[1]), floats(in[2]),
                    resultOf(out, in));
}

Mix mixOf(const void* operand) {
  const auto* size = integers(operand);
  return {size[0], size[1], size[2], size[3], size[4]};
}

/** A custom call: x, C and the size (rows, l, m, kernels, rank) → x mixed over m. */
void mixCall(void* out, const void** in) {
  mix(mixOf(in[2]), floats(in[0]), floats(in[1]), resultOf(out, in));
}

/** A custom call: the gradient of that, x and the size → the gradient of C. */
void mixGradientCall(void* out, const void** in) {
  mixGradient(mixOf(in[2]), floats(in[0]), floats(in[1]), resultOf(out, in));
}

/** The bias of a GELU whose size is (rows, width, whether there is one). */
const float* biasOf(const void* bias, const void* size) {
  return integers(size)[2] != 0 ? floats(bias) : nullptr;
}

/** A custom call: x, bias and that size → gelu(x + bias). */
void geluCall(void* out, const void** in) {
  gelu({integers(in[2])[0], integers(in[2])[1]}, floats(in[0]), biasOf(in[1], in[2]),
       resultOf(out, in));
}

/** A custom call: x, bias, the gradient of the result and that size → the gradient of x. */
void geluGradientCall(void* out, const void** in) {
  geluGradient({integers(in[3])[0], integers(in[3])[1]}, floats(in[0]), biasOf(in[1], in[3]),
               floats(in[2]), resultOf(out, in));
}

LayerNorm layerNormOf(const void* operand) {
  const auto* size = integers(operand);
  float epsilon;
  std::memcpy(&epsilon, size + 2, sizeof epsilon);
  return {size[0], size[1], epsilon};
}

/** A custom call: x, weight, bias and the size (rows, width, the bits of ε) → y. */
void layerNormCall(void* out, const void** in) {
  layerNorm(layerNormOf(in[3]), floats(in[0]), floats(in[1]), floats(in[2]), resultOf(out, in));
}

/** A custom call: x, weight, the gradient of y and the size → the gradient of x. */
void layerNormGradientCall(void* out, const void** in) {
  layerNormGradient(layerNormOf(in[3]), floats(in[0]), floats(in[1]), floats(in[2]),
                    resultOf(out, in));
}

}  // namespace

const Call kCalls[kCallCount] = {
    {"karst_matmul", matmulCall},
    {"karst_attention", attentionCall},
    {"karst_attention_gradient", attentionGradientCall},
    {"karst_add_kronecker", addKroneckerCall},
    {"karst_kronecker_gradient", kroneckerGradientCall},
    {"karst_mix", mixCall},
    {"karst_mix_gradient", mixGradientCall},
    {"karst_gelu", geluCall},
    {"karst_gelu_gradient", geluGradientCall},
    {"karst_layer_norm", layerNormCall},
    {"karst_layer_norm_gradient", layerNormGradientCall},
};

}  // namespace karst
