#pragma once

#include <node_api.h>

#include <cstddef>
#include <exception>

// What both addons need of Node-API.
namespace karst {

/** Sets `exports[name]` to a function. */
inline void exportFunction(napi_env env, napi_value exports, const char* name,
                           napi_callback function) {
  napi_value value;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &value);
  napi_set_named_property(env, exports, name, value);
}

inline napi_value stringValue(napi_env env, const char* text) {
  napi_value value;
  napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value);
  return value;
}

/** Fills `arguments`. @returns whether the call has at least so many */
template <std::size_t kCount>
bool readArguments(napi_env env, napi_callback_info info, napi_value (&arguments)[kCount]) {
  std::size_t count = kCount;
  return napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr) == napi_ok &&
         count >= kCount;
}

/** The elements of a typed array. */
template <typename T>
struct Span {
  T* data = nullptr;
  std::size_t length = 0;
};

/** The elements of `value` where it is a typed array of that type, else a span without data. */
template <typename T>
Span<T> spanOf(napi_env env, napi_value value, napi_typedarray_type wanted) {
  bool isTypedArray = false;
  napi_typedarray_type type;
  std::size_t length = 0;
  void* data = nullptr;
  if (napi_is_typedarray(env, value, &isTypedArray) != napi_ok || !isTypedArray) return {};
  if (napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr) != napi_ok)
    return {};
  if (type != wanted) return {};
  return {static_cast<T*>(data), length};
}

/** Throws a RangeError in JavaScript. */
inline napi_value throwRangeError(napi_env env, const char* message) {
  napi_throw_range_error(env, nullptr, message);
  return nullptr;
}

/** The result of `body`; what it throws becomes an Error in JavaScript. */
template <typename Body>
napi_value guarded(napi_env env, const Body& body) {
  try {
    return body();
  } catch (const std::exception& problem) {
    napi_throw_error(env, nullptr, problem.what());
    return nullptr;
  }
}

}  // namespace karst
