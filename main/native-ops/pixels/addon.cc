#include <node_api.h>

#include <cstddef>
#include <cstdint>

#include "../node-api.h"
#include "passes.h"
#include "resample.h"

// Called from the loading threads, each of which loads the addon itself: no state between calls.

namespace {

using karst::Passes;
using karst::spanOf;
using karst::throwRangeError;

/** The ISAs of this processor, the best first. */
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

bool isWithin(const karst::Rectangle& part, std::int64_t width, std::int64_t height) {
  return part.left >= 0 && part.top >= 0 && part.width > 0 && part.height > 0 &&
         part.left + part.width <= width && part.top + part.height <= height;
}

/** Numbers of a task: image width, source (4), target (2), crop (4), kernel, index of the ISA. */
constexpr std::size_t kNumbers = 13;

/** A task whose numbers fit together; else `fault` says what does not. */
struct ReadTask {
  karst::Resampling task;
  const char* fault;
};

/** @param bytes,levels how long the pixels and the place for the result are */
ReadTask readTask(const std::int32_t* n, std::size_t bytes, std::size_t levels) {
  if (n[11] < 0 || n[11] >= karst::kKernels) return {{}, "a kernel that is not known"};
  const karst::Resampling task = {
      n[0], {n[1], n[2], n[3], n[4]},  n[5],
      n[6], {n[7], n[8], n[9], n[10]}, static_cast<karst::Kernel>(n[11])};
  if (task.width <= 0 || task.target_width <= 0 || task.target_height <= 0)
    return {task, "an image without pixels"};
  const auto rows = static_cast<std::int64_t>(bytes) / (3 * task.width);
  if (!isWithin(task.source, task.width, rows)) return {task, "the part is not in the image"};
  if (!isWithin(task.crop, task.target_width, task.target_height))
    return {task, "the crop is not in the result"};
  if (static_cast<std::int64_t>(levels) != 3 * task.crop.width * task.crop.height)
    return {task, "the place for the result has another size"};
  return {task, nullptr};
}

/** resample(pixels: Uint8Array, task: Int32Array, out: Uint8Array): void */
napi_value resample(napi_env env, napi_callback_info info) {
  constexpr char kUsage[] = "resample takes pixels, numbers and a place for the result";
  napi_value arguments[3];
  if (!karst::readArguments(env, info, arguments)) return throwRangeError(env, kUsage);
  const auto pixels = spanOf<const std::uint8_t>(env, arguments[0], napi_uint8_array);
  const auto numbers = spanOf<const std::int32_t>(env, arguments[1], napi_int32_array);
  const auto out = spanOf<std::uint8_t>(env, arguments[2], napi_uint8_array);
  if (pixels.data == nullptr || numbers.length != kNumbers || out.data == nullptr)
    return throwRangeError(env, kUsage);
  const auto [task, fault] = readTask(numbers.data, pixels.length, out.length);
  if (fault != nullptr) return throwRangeError(env, fault);
  const Passes* const* here = passesHere();
  const Passes* passes = here[0];
  for (int i = 1; i <= numbers.data[12] && here[i] != nullptr; i++) passes = here[i];
  return karst::guarded(env, [&, &task = task]() -> napi_value {
    karst::resample(pixels.data, task, *passes, out.data);
    return nullptr;
  });
}

/** resampleFloats(pixels: Uint8Array, task: Int32Array, out: Float32Array): void */
napi_value resampleFloats(napi_env env, napi_callback_info info) {
  constexpr char kUsage[] = "resampleFloats takes pixels, numbers and a place for the result";
  napi_value arguments[3];
  if (!karst::readArguments(env, info, arguments)) return throwRangeError(env, kUsage);
  const auto pixels = spanOf<const std::uint8_t>(env, arguments[0], napi_uint8_array);
  const auto numbers = spanOf<const std::int32_t>(env, arguments[1], napi_int32_array);
  const auto out = spanOf<float>(env, arguments[2], napi_float32_array);
  if (pixels.data == nullptr || numbers.length != kNumbers || out.data == nullptr)
    return throwRangeError(env, kUsage);
  const auto [task, fault] = readTask(numbers.data, pixels.length, out.length);
  if (fault != nullptr) return throwRangeError(env, fault);
  return karst::guarded(env, [&, &task = task]() -> napi_value {
    karst::resampleFloats(pixels.data, task, out.data);
    return nullptr;
  });
}

/** normalise(pixels: Uint8Array, levels: Float32Array(3 · 256), out: Float32Array, offset): void */
napi_value normalise(napi_env env, napi_callback_info info) {
  constexpr char kUsage[] = "normalise takes pixels, levels, a result and an offset";
  napi_value arguments[4];
  if (!karst::readArguments(env, info, arguments)) return throwRangeError(env, kUsage);
  const auto pixels = spanOf<const std::uint8_t>(env, arguments[0], napi_uint8_array);
  const auto levels = spanOf<const float>(env, arguments[1], napi_float32_array);
  const auto out = spanOf<float>(env, arguments[2], napi_float32_array);
  std::int64_t offset = -1;
  napi_get_value_int64(env, arguments[3], &offset);
  const std::size_t area = pixels.length / 3;
  if (pixels.data == nullptr || levels.length != 3 * 256 || out.data == nullptr || offset < 0 ||
      static_cast<std::size_t>(offset) + 3 * area > out.length)
    return throwRangeError(env, kUsage);
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

}  // namespace

NAPI_MODULE_INIT() {
  karst::exportFunction(env, exports, "resample", resample);
  karst::exportFunction(env, exports, "resampleFloats", resampleFloats);
  karst::exportFunction(env, exports, "normalise", normalise);
  napi_value names;
  napi_create_array(env, &names);
  for (std::uint32_t i = 0; passesHere()[i] != nullptr; i++) {
    napi_set_element(env, names, i, karst::stringValue(env, passesHere()[i]->name));
  }
  napi_set_named_property(env, exports, "instructions", names);
  return exports;
}
