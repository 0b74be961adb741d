#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <string>

#include "passes.h"
#include "resample.h"

// Called from the loading threads, each of which loads the addon for itself: nothing here is kept between calls.

namespace {

using karst::Passes;

/** What this processor can run, the best first. */
const Passes* const* passesHere() {
  static const Passes* here[3] = {};
  static const bool found = [] {
    int count = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2")) here[count++] = &karst::kAvx2Passes;
#endif
    here[count++] = &karst::kPlainPasses;
    return true;
  }();
  (void)found;
  return here;
}

template <typename T>
struct Span {
  T* data = nullptr;
  std::size_t length = 0;
};

/** A typed array of the kind that is wanted; without data when it is none. */
template <typename T>
Span<T> spanOf(napi_env env, napi_value value, napi_typedarray_type wanted) {
  napi_typedarray_type type;
  Span<T> span;
  void* data = nullptr;
  bool typed = false;
  if (napi_is_typedarray(env, value, &typed) != napi_ok || !typed) return {};
  if (napi_get_typedarray_info(env, value, &type, &span.length, &data, nullptr, nullptr) != napi_ok)
    return {};
  if (type != wanted) return {};
  span.data = static_cast<T*>(data);
  return span;
}

napi_value refuse(napi_env env, const char* why) {
  napi_throw_range_error(env, nullptr, why);
  return nullptr;
}

bool isWithin(const karst::Rectangle& part, std::int64_t width, std::int64_t height) {
  return part.left >= 0 && part.top >= 0 && part.width > 0 && part.height > 0 &&
         part.left + part.width <= width && part.top + part.height <= height;
}

/** Numbers of a task: image width, source (4), target (2), crop (4), bicubic, set of instructions. */
constexpr std::size_t kNumbers = 13;

/** resample(pixels: Uint8Array, task: Int32Array, out: Uint8Array): void */
napi_value resample(napi_env env, napi_callback_info info) {
  std::size_t count = 3;
  napi_value arguments[3];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  if (count < 3) return refuse(env, "resample takes pixels, numbers and a place for the result");
  const auto pixels = spanOf<const std::uint8_t>(env, arguments[0], napi_uint8_array);
  const auto numbers = spanOf<const std::int32_t>(env, arguments[1], napi_int32_array);
  const auto out = spanOf<std::uint8_t>(env, arguments[2], napi_uint8_array);
  if (pixels.data == nullptr || numbers.length != kNumbers || out.data == nullptr)
    return refuse(env, "resample takes pixels, numbers and a place for the result");
  const std::int32_t* n = numbers.data;
  const karst::Resampling task = {
      n[0], {n[1], n[2], n[3], n[4]}, n[5], n[6], {n[7], n[8], n[9], n[10]}, n[11] != 0};
  if (task.width <= 0 || task.target_width <= 0 || task.target_height <= 0)
    return refuse(env, "an image without pixels");
  const auto rows = static_cast<std::int64_t>(pixels.length) / (3 * task.width);
  if (!isWithin(task.source, task.width, rows)) return refuse(env, "the part is not in the image");
  if (!isWithin(task.crop, task.target_width, task.target_height))
    return refuse(env, "the crop is not in the result");
  if (static_cast<std::int64_t>(out.length) != 3 * task.crop.width * task.crop.height)
    return refuse(env, "the place for the result has another size");
  const Passes* const* here = passesHere();
  const Passes* passes = here[0];
  for (int i = 1; i <= n[12] && here[i] != nullptr; i++) passes = here[i];
  try {
    karst::resample(pixels.data, task, *passes, out.data);
  } catch (const std::exception& problem) {
    return refuse(env, problem.what());
  }
  return nullptr;
}

/** normalise(pixels: Uint8Array, levels: Float32Array(3 · 256), out: Float32Array, offset): void */
napi_value normalise(napi_env env, napi_callback_info info) {
  std::size_t count = 4;
  napi_value arguments[4];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  if (count < 4) return refuse(env, "normalise takes pixels, levels, a result and an offset");
  const auto pixels = spanOf<const std::uint8_t>(env, arguments[0], napi_uint8_array);
  const auto levels = spanOf<const float>(env, arguments[1], napi_float32_array);
  const auto out = spanOf<float>(env, arguments[2], napi_float32_array);
  std::int64_t offset = -1;
  napi_get_value_int64(env, arguments[3], &offset);
  const std::size_t area = pixels.length / 3;
  if (pixels.data == nullptr || levels.length != 3 * 256 || out.data == nullptr || offset < 0 ||
      static_cast<std::size_t>(offset) + 3 * area > out.length)
    return refuse(env, "normalise takes pixels, levels, a result and an offset");
  float* const red = out.data + offset;
  float* const green = red + area;
  float* const blue = green + area;
  const std::uint8_t* from = pixels.data;
  for (std::size_t i = 0; i < area; i++, from += 3) {
    red[i] = levels.data[from[0]];
    green[i] = levels.data[256 + from[1]];
    blue[i] = levels.data[512 + from[2]];
  }
  return nullptr;
}

void expose(napi_env env, napi_value exports, const char* name, napi_callback function) {
  napi_value value;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &value);
  napi_set_named_property(env, exports, name, value);
}

}  // namespace

NAPI_MODULE_INIT() {
  expose(env, exports, "resample", resample);
  expose(env, exports, "normalise", normalise);
  napi_value names;
  napi_create_array(env, &names);
  for (std::uint32_t i = 0; passesHere()[i] != nullptr; i++) {
    napi_value name;
    napi_create_string_utf8(env, passesHere()[i]->name, NAPI_AUTO_LENGTH, &name);
    napi_set_element(env, names, i, name);
  }
  napi_set_named_property(env, exports, "instructions", names);
  return exports;
}
