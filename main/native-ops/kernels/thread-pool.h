#pragma once

#ifdef __linux__
#include <pthread.h>
#include <sched.h>
#endif

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "processor.h"

namespace karst {

/**
 * A thread pool for one job at a time. The job balances its own load: it is called once on every
 * thread that wakes in time, and each call takes items from a shared counter until none is left. A
 * thread that wakes too late finds the job finished.
 */
class ThreadPool {
 public:
  /** @param threads all that work at a time, including the caller */
  explicit ThreadPool(int threads) {
#ifdef __linux__
    sched_getaffinity(0, sizeof allowed_, &allowed_);
#endif
    for (int i = 1; i < threads; ++i) workers_.emplace_back([this] { serve(); });
  }

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  /** Runs `job` and returns when it has ended on every thread. XLA runs independent calls
   * concurrently: a second caller blocks, as more threads than processors would slow both down. */
  void run(const std::function<void()>& job) {
    if (workers_.empty()) {
      job();
      return;
    }
    std::lock_guard<std::mutex> callerLock(callerMutex_);
    leaveProcessorToCaller();
    {
      std::lock_guard<std::mutex> lock(mutex_);
      job_ = &job;
      floatMode_ = floatMode();
      ++generation_;
    }
    start_.notify_all();
    job();
    std::unique_lock<std::mutex> lock(mutex_);
    job_ = nullptr;
    done_.wait(lock, [this] { return active_ == 0; });
  }

 private:
#ifdef __linux__
  // Linux tends to wake a thread on the processor of the thread that wakes it, where it would have
  // to wait until the caller ends.
  void leaveProcessorToCaller() {
    const int processor = sched_getcpu();
    if (processor == excluded_ || CPU_COUNT(&allowed_) < 2) return;
    cpu_set_t others = allowed_;
    CPU_CLR(processor, &others);
    for (auto& worker : workers_) {
      pthread_setaffinity_np(worker.native_handle(), sizeof others, &others);
    }
    excluded_ = processor;
  }
#else
  void leaveProcessorToCaller() {}
#endif

  void serve() {
    unsigned long seen = 0;
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      start_.wait(lock, [&] { return job_ != nullptr && generation_ != seen; });
      seen = generation_;
      ++active_;
      const auto* job = job_;
      // XLA's threads flush denormals to zero. A result must not depend on which thread computed
      // which part of it.
      setFloatMode(floatMode_);
      lock.unlock();
      (*job)();
      lock.lock();
      if (--active_ == 0) done_.notify_one();
    }
  }

  std::vector<std::thread> workers_;
  std::mutex mutex_, callerMutex_;
  std::condition_variable start_, done_;
  const std::function<void()>* job_ = nullptr;
  /** The caller's rounding mode and treatment of denormals. */
  FloatMode floatMode_ = 0;
  int active_ = 0;
  /** Number of the current job. */
  unsigned long generation_ = 0;
#ifdef __linux__
  /** The processor that workers stay off. */
  int excluded_ = -1;
  cpu_set_t allowed_;
#endif
};

/** The pool of this process, with as many threads as TensorFlow is told to use. */
inline ThreadPool& threadPool() {
  static ThreadPool& shared = *new ThreadPool([] {
    const char* wanted = std::getenv("TF_NUM_INTRAOP_THREADS");
    const int threads = wanted == nullptr ? 0 : std::atoi(wanted);
    return threads > 0 ? threads : static_cast<int>(std::thread::hardware_concurrency());
  }());
  return shared;
}

/** Calls `body` once for every index below `count`, on all threads, `grain` indices at a time. */
template <typename Body>
void parallelFor(int count, int grain, const Body& body) {
  std::atomic<int> next{0};
  threadPool().run([&] {
    for (int start; (start = next.fetch_add(grain)) < count;) {
      for (int index = start; index < std::min(count, start + grain); ++index) body(index);
    }
  });
}

}  // namespace karst
