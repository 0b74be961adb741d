#include <malloc.h>
#include <node_api.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "attention.h"
#include "gelu.h"
#include "kronecker.h"
#include "layer-norm.h"
#include "matmul.h"
#include "mix.h"
#include "product.h"

// What libtensorflow_cc exports of XLA's registry; its header would bring all of XLA's.
namespace xla {
class CustomCallTargetRegistry {
 public:
  static CustomCallTargetRegistry* Global();
  void Register(const std::string& symbol, void* address, const std::string& platform);
};
}  // namespace xla

namespace {

/**
 * Where the product is to be written. A program that XLA takes from its cache may hand over the
 * address of the list of results although there is one result (the thunk is read back without that
 * property, TensorFlow 2.21). Such a list lies in the caller's frame, close to the list of
 * operands; a result never does.
 */
float* resultOf(void* out, const void** in) {
  constexpr std::ptrdiff_t kFrame = 4096;
  const auto distance = static_cast<char*>(out) - reinterpret_cast<char*>(in);
  const bool listed = -kFrame < distance && distance < kFrame;
  return static_cast<float*>(listed ? *static_cast<void**>(out) : out);
}

const float* floats(const void* operand) { return static_cast<const float*>(operand); }
const std::int32_t* integers(const void* operand) {
  return static_cast<const std::int32_t*>(operand);
}

/** A custom call: a, b and the size (batch, m, n, k, transposeA, transposeB) → the product. */
void matmulCall(void* out, const void** in) {
  const auto* size = integers(in[2]);
  karst::matmul({size[0], size[1], size[2], size[3], size[4] != 0, size[5] != 0}, floats(in[0]),
                floats(in[1]), resultOf(out, in));
}

karst::Heads headsOf(const void* operand) {
  const auto* size = integers(operand);
  return {size[0], size[1], size[2], size[3]};
}

/** A custom call: qkv and the size (batch, tokens, heads, width) → what the heads attend to. */
void attentionCall(void* out, const void** in) {
  karst::attention(headsOf(in[1]), floats(in[0]), resultOf(out, in));
}

/** A custom call: qkv, the gradient of the result and the size → the gradient of qkv. */
void attentionGradientCall(void* out, const void** in) {
  karst::attentionGradient(headsOf(in[2]), floats(in[0]), floats(in[1]), resultOf(out, in));
}

karst::Kronecker kroneckerOf(const void* operand) {
  const auto* size = integers(operand);
  return {size[0], size[1], size[2], size[3], size[4], size[5]};
}

/** A custom call: W, C, D and the size (kernels, splits, l, k, m, n) → W + Σᵢ Cᵢ ⊗ Dᵢ. */
void addKroneckerCall(void* out, const void** in) {
  karst::addKronecker(kroneckerOf(in[3]), floats(in[0]), floats(in[1]), floats(in[2]),
                      resultOf(out, in));
}

/** A custom call: the gradient of that, C, D and the size → the gradients of C and D. */
void kroneckerGradientCall(void* out, const void** in) {
  karst::kroneckerGradient(kroneckerOf(in[3]), floats(in[0]), floats(in[1]), floats(in[2]),
                           resultOf(out, in));
}

karst::Mix mixOf(const void* operand) {
  const auto* size = integers(operand);
  return {size[0], size[1], size[2], size[3], size[4]};
}

/** A custom call: x, C and the size (rows, l, m, kernels, rank) → x mixed over m. */
void mixCall(void* out, const void** in) {
  karst::mix(mixOf(in[2]), floats(in[0]), floats(in[1]), resultOf(out, in));
}

/** A custom call: the gradient of that, x and the size → the gradient of C. */
void mixGradientCall(void* out, const void** in) {
  karst::mixGradient(mixOf(in[2]), floats(in[0]), floats(in[1]), resultOf(out, in));
}

/** The bias of a GELU whose size is (rows, width, whether there is one). */
const float* biasOf(const void* bias, const void* size) {
  return integers(size)[2] != 0 ? floats(bias) : nullptr;
}

/** A custom call: x, bias and that size → gelu(x + bias). */
void geluCall(void* out, const void** in) {
  karst::gelu({integers(in[2])[0], integers(in[2])[1]}, floats(in[0]), biasOf(in[1], in[2]),
              resultOf(out, in));
}

/** A custom call: x, bias, the gradient of the result and that size → the gradient of x. */
void geluGradientCall(void* out, const void** in) {
  karst::geluGradient({integers(in[3])[0], integers(in[3])[1]}, floats(in[0]), biasOf(in[1], in[3]),
                      floats(in[2]), resultOf(out, in));
}

karst::LayerNorm layerNormOf(const void* operand) {
  const auto* size = integers(operand);
  float epsilon;
  std::memcpy(&epsilon, size + 2, sizeof epsilon);
  return {size[0], size[1], epsilon};
}

/** A custom call: x, weight, bias and the size (rows, width, the bits of ε) → y. */
void layerNormCall(void* out, const void** in) {
  karst::layerNorm(layerNormOf(in[3]), floats(in[0]), floats(in[1]), floats(in[2]),
                   resultOf(out, in));
}

/** A custom call: x, weight, the gradient of y and the size → the gradient of x. */
void layerNormGradientCall(void* out, const void** in) {
  karst::layerNormGradient(layerNormOf(in[3]), floats(in[0]), floats(in[1]), floats(in[2]),
                           resultOf(out, in));
}

std::atomic<bool> trimming{false};

/**
 * A call as XLA makes it. The first one of a program comes when it is compiled and its memory is
 * reserved but not yet used: what compiling has freed can be given back before.
 */
template <void (*call)(void*, const void**)>
void enter(void* out, const void** in) {
  if (trimming.load(std::memory_order_relaxed) && trimming.exchange(false)) malloc_trim(0);
  call(out, in);
}

template <void (*call)(void*, const void**)>
void registerCall(const std::string& target) {
  xla::CustomCallTargetRegistry::Global()->Register(target, reinterpret_cast<void*>(enter<call>),
                                                    "Host");
}

napi_value trimAtNextCall(napi_env, napi_callback_info) {
  trimming = true;
  return nullptr;
}

}  // namespace

/**
 * Exports `granted`: whether programs may call the targets below in this process; and
 * `trimAtNextCall()`, after which the next call gives free memory back to the system first.
 */
NAPI_MODULE_INIT() {
  const bool granted = karst::requestProductUnits();
  if (granted) {
    registerCall<matmulCall>("karst_matmul");
    registerCall<attentionCall>("karst_attention");
    registerCall<attentionGradientCall>("karst_attention_gradient");
    registerCall<addKroneckerCall>("karst_add_kronecker");
    registerCall<kroneckerGradientCall>("karst_kronecker_gradient");
    registerCall<mixCall>("karst_mix");
    registerCall<mixGradientCall>("karst_mix_gradient");
    registerCall<geluCall>("karst_gelu");
    registerCall<geluGradientCall>("karst_gelu_gradient");
    registerCall<layerNormCall>("karst_layer_norm");
    registerCall<layerNormGradientCall>("karst_layer_norm_gradient");
  }
  napi_value value;
  napi_get_boolean(env, granted, &value);
  napi_set_named_property(env, exports, "granted", value);
  napi_value trim;
  napi_create_function(env, "trimAtNextCall", NAPI_AUTO_LENGTH, trimAtNextCall, nullptr, &trim);
  napi_set_named_property(env, exports, "trimAtNextCall", trim);
  return exports;
}
