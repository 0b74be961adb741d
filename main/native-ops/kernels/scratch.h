#pragma once

#ifdef __linux__
#include <sys/mman.h>
#endif

#include <cstddef>
#include <cstdlib>
#include <new>

namespace karst {

/** Memory of at least this size lies in huge pages, where Linux has them: packed operands are read
 * over and over, and have more small pages than the TLB has entries. */
constexpr std::size_t kHugePage = 1 << 21;

/** Memory of a thread that is kept from one call to the next; what is in it is not. */
class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { std::free(memory_); }

  /** @returns place for so many values, at a multiple of 64 bytes */
  template <typename T>
  T* ofSize(std::size_t count) {
    const std::size_t wanted = count * sizeof(T);
    if (wanted > bytes_) {
      const std::size_t alignment = wanted < kHugePage ? 64 : kHugePage;
      const std::size_t bytes = (wanted + alignment - 1) / alignment * alignment;
      std::free(memory_);
      bytes_ = 0;
      memory_ = std::aligned_alloc(alignment, bytes);
      if (memory_ == nullptr) throw std::bad_alloc();
      bytes_ = bytes;
#ifdef __linux__
      // Advice: where there are no huge pages, the memory is as good as any.
      if (bytes >= kHugePage) madvise(memory_, bytes, MADV_HUGEPAGE);
#endif
    }
    return static_cast<T*>(memory_);
  }

 private:
  void* memory_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace karst
