#include <node_api.h>

#include <atomic>
#include <string>
#include <utility>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "../node-api.h"
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

/** Returns free heap memory to the system, where the C library can be asked to. */
void trim() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

/**
 * The function that XLA calls. A program's first call comes after compilation and before its memory
 * is touched: the moment to return what compilation has freed to the system.
 */
template <int kIndex>
void enter(void* out, const void** in) {
  if (trimming.load(std::memory_order_relaxed) && trimming.exchange(false)) trim();
  karst::kCalls[kIndex].make(out, in);
}

template <int... kIndices>
void registerCalls(std::integer_sequence<int, kIndices...>) {
  (xla::CustomCallTargetRegistry::Global()->Register(
       karst::kCalls[kIndices].target, reinterpret_cast<void*>(enter<kIndices>), "Host"),
   ...);
}

/** check(): string | null, the first call with a wrong result. */
napi_value check(napi_env env, napi_callback_info) {
  return karst::guarded(env, [&] {
    const char* wrong = karst::selfCheck();
    if (wrong != nullptr) return karst::stringValue(env, wrong);
    napi_value none;
    napi_get_null(env, &none);
    return none;
  });
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

}  // namespace

/**
 * Exports `granted` (whether the system lets this process use the instructions; if not, nothing
 * else may be called), `check()`, `useInPrograms()` (registers the kernels with XLA) and
 * `trimAtNextCall()` (the next call first returns free memory to the system).
 */
NAPI_MODULE_INIT() {
  napi_value granted;
  napi_get_boolean(env, karst::requestProductUnits(), &granted);
  napi_set_named_property(env, exports, "granted", granted);
  karst::exportFunction(env, exports, "check", check);
  karst::exportFunction(env, exports, "useInPrograms", useInPrograms);
  karst::exportFunction(env, exports, "trimAtNextCall", trimAtNextCall);
  return exports;
}
