#include <malloc.h>
#include <node_api.h>

#include <atomic>
#include <exception>
#include <string>
#include <utility>

#include "calls.h"
#include "product.h"
#include "self-check.h"

// What libtensorflow_cc exports of XLA's registry; its header would bring all of XLA's.
namespace xla {
class CustomCallTargetRegistry {
 public:
  static CustomCallTargetRegistry* Global();
  void Register(const std::string& symbol, void* address, const std::string& platform);
};
}  // namespace xla

namespace {

std::atomic<bool> trimming{false};

/**
 * A call as XLA makes it. The first one of a program comes when it is compiled and its memory is
 * reserved but not yet used: what compiling has freed can be given back before.
 */
template <int kIndex>
void enter(void* out, const void** in) {
  if (trimming.load(std::memory_order_relaxed) && trimming.exchange(false)) malloc_trim(0);
  karst::kCalls[kIndex].make(out, in);
}

template <int... kIndices>
void registerCalls(std::integer_sequence<int, kIndices...>) {
  (xla::CustomCallTargetRegistry::Global()->Register(
       karst::kCalls[kIndices].target, reinterpret_cast<void*>(enter<kIndices>), "Host"),
   ...);
}

/** check(): string | null, what the check found wrong. */
napi_value check(napi_env env, napi_callback_info) {
  napi_value found = nullptr;
  try {
    const char* wrong = karst::selfCheck();
    if (wrong == nullptr)
      napi_get_null(env, &found);
    else
      napi_create_string_utf8(env, wrong, NAPI_AUTO_LENGTH, &found);
  } catch (const std::exception& problem) {
    napi_throw_error(env, nullptr, problem.what());
  }
  return found;
}

/** useInPrograms(): void, once a process. */
napi_value useInPrograms(napi_env, napi_callback_info) {
  registerCalls(std::make_integer_sequence<int, karst::kCallCount>());
  return nullptr;
}

napi_value trimAtNextCall(napi_env, napi_callback_info) {
  trimming = true;
  return nullptr;
}

void expose(napi_env env, napi_value exports, const char* name, napi_callback function) {
  napi_value value;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &value);
  napi_set_named_property(env, exports, name, value);
}

}  // namespace

/**
 * Exports `granted`: whether the system lets this process use what the kernels need, without which
 * nothing of the rest may be called; `check()`; `useInPrograms()`, after which programs may call
 * the kernels; and `trimAtNextCall()`, after which the next call gives free memory back to the
 * system first.
 */
NAPI_MODULE_INIT() {
  napi_value granted;
  napi_get_boolean(env, karst::requestProductUnits(), &granted);
  napi_set_named_property(env, exports, "granted", granted);
  expose(env, exports, "check", check);
  expose(env, exports, "useInPrograms", useInPrograms);
  expose(env, exports, "trimAtNextCall", trimAtNextCall);
  return exports;
}
