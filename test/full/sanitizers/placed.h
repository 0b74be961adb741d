#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

/** Placements of an array that make out-of-bounds accesses detectable. */
enum class Place {
  /** A heap block of exactly this size, guarded by AddressSanitizer. */
  kHeap,
  /**
   * The end of a page followed by an inaccessible page. Catches masked and tile loads and stores,
   * which the sanitizer does not instrument.
   */
  kEndOfPage,
  /** The start of a page preceded by an inaccessible page. */
  kStartOfPage,
};

constexpr Place kPlaces[] = {Place::kHeap, Place::kEndOfPage, Place::kStartOfPage};

/** An array of `count` values with this placement, aligned to a value or to a page. */
template <typename T>
class Placed {
 public:
  Placed(std::size_t count, Place place) : count_(count) {
    const std::size_t bytes = count * sizeof(T);
    if (place == Place::kHeap) {
      heap_ = std::malloc(bytes);
      values_ = static_cast<T*>(heap_);
    } else {
      const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
      const std::size_t inner = (bytes + page - 1) / page * page;
      mappedBytes_ = inner + 2 * page;
      mapped_ = mmap(nullptr, mappedBytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (mapped_ != MAP_FAILED) {
        char* start = static_cast<char*>(mapped_) + page;
        if (inner == 0 || mprotect(start, inner, PROT_READ | PROT_WRITE) == 0)
          values_ = reinterpret_cast<T*>(place == Place::kEndOfPage ? start + inner - bytes : start);
      }
    }
    if (values_ == nullptr) {
      std::fprintf(stderr, "There is no memory for %zu bytes.\n", bytes);
      std::exit(2);
    }
  }

  Placed(const std::vector<T>& values, Place place) : Placed(values.size(), place) {
    if (!values.empty()) std::memcpy(values_, values.data(), values.size() * sizeof(T));
  }

  Placed(const Placed&) = delete;
  Placed& operator=(const Placed&) = delete;
  ~Placed() {
    std::free(heap_);
    if (mappedBytes_ > 0) munmap(mapped_, mappedBytes_);
  }

  T* values() const { return values_; }
  std::size_t count() const { return count_; }

 private:
  std::size_t count_;
  T* values_ = nullptr;
  void* heap_ = nullptr;
  void* mapped_ = nullptr;
  std::size_t mappedBytes_ = 0;
};
