#pragma once

namespace karst {

/** A kernel as a program calls it: XLA hands over the operands, of which the last is the size as
 * 32-bit integers, and the place of the result. */
struct Call {
  /** The name that main/backends/tensorflow/custom-calls.ts writes into programs. */
  const char* target;
  void (*make)(void* out, const void** in);
};

constexpr int kCallCount = 11;
extern const Call kCalls[kCallCount];

}  // namespace karst
