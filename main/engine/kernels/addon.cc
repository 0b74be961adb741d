#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "split-matmul.h"

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

/** A custom call: a, b and the size (6 × int32: batch, m, n, k, transposeA, transposeB) → the
 * product. */
void splitMatmulCall(void* out, const void** in) {
  const auto* size = static_cast<const std::int32_t*>(in[2]);
  karst::splitMatmul({size[0], size[1], size[2], size[3], size[4] != 0, size[5] != 0},
                     static_cast<const float*>(in[0]), static_cast<const float*>(in[1]),
                     resultOf(out, in));
}

}  // namespace

/** Exports `splitMatmul`: whether programs may call the target `karst_split_matmul` in this
 * process. */
NAPI_MODULE_INIT() {
  const bool granted = karst::requestTiles();
  if (granted) {
    xla::CustomCallTargetRegistry::Global()->Register(
        "karst_split_matmul", reinterpret_cast<void*>(splitMatmulCall), "Host");
  }
  napi_value value;
  napi_get_boolean(env, granted, &value);
  napi_set_named_property(env, exports, "splitMatmul", value);
  return exports;
}
