#pragma once

#include <immintrin.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace karst {

/**
 * Threads that help with one piece of work at a time. The work shares itself out: it is called once
 * on every thread that comes in time, and each call takes parts until none is left. A thread that
 * wakes too late finds the work closed.
 */
class WorkerTeam {
 public:
  /** @param threads all that work at a time, the caller's included */
  explicit WorkerTeam(int threads) {
    sched_getaffinity(0, sizeof allowed_, &allowed_);
    for (int i = 1; i < threads; ++i) workers_.emplace_back([this] { serve(); });
  }

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  /** Returns when `work` has ended on every thread. XLA makes independent calls at the same time: a
   * second caller waits, as one thread more than there are processors would only get in the way. */
  void run(const std::function<void()>& work) {
    if (workers_.empty()) {
      work();
      return;
    }
    std::lock_guard<std::mutex> turn(busy_);
    leaveProcessorToCaller();
    {
      std::lock_guard<std::mutex> lock(mutex_);
      work_ = &work;
      arithmetic_ = _mm_getcsr();
      ++turn_;
    }
    start_.notify_all();
    work();
    std::unique_lock<std::mutex> lock(mutex_);
    work_ = nullptr;
    done_.wait(lock, [this] { return active_ == 0; });
  }

 private:
  // Linux likes to wake a thread on the processor of the one that wakes it, where it would wait for
  // the caller to end.
  void leaveProcessorToCaller() {
    const int processor = sched_getcpu();
    if (processor == left_ || CPU_COUNT(&allowed_) < 2) return;
    cpu_set_t others = allowed_;
    CPU_CLR(processor, &others);
    for (auto& worker : workers_) {
      pthread_setaffinity_np(worker.native_handle(), sizeof others, &others);
    }
    left_ = processor;
  }

  void serve() {
    unsigned long seen = 0;
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      start_.wait(lock, [&] { return work_ != nullptr && turn_ != seen; });
      seen = turn_;
      ++active_;
      const auto* work = work_;
      // XLA's threads take numbers near 0 for 0. What comes of a call must not depend on which thread
      // took which part of it.
      _mm_setcsr(arithmetic_);
      lock.unlock();
      (*work)();
      lock.lock();
      if (--active_ == 0) done_.notify_one();
    }
  }

  std::vector<std::thread> workers_;
  std::mutex mutex_, busy_;
  std::condition_variable start_, done_;
  const std::function<void()>* work_ = nullptr;
  /** How the caller rounds, and whether it flushes numbers near 0. */
  unsigned arithmetic_ = 0;
  int active_ = 0;
  unsigned long turn_ = 0;
  int left_ = -1;
  cpu_set_t allowed_;
};

/** Threads as TensorFlow is told to use; they live as long as the process. */
inline WorkerTeam& team() {
  static WorkerTeam& shared = *new WorkerTeam([] {
    const char* wanted = std::getenv("TF_NUM_INTRAOP_THREADS");
    const int threads = wanted == nullptr ? 0 : std::atoi(wanted);
    return threads > 0 ? threads : static_cast<int>(std::thread::hardware_concurrency());
  }());
  return shared;
}

/** Calls `visit` once for every index below `count`, on all threads, each of which takes so many at
 * a time. */
template <typename Visit>
void shareOut(int count, int atATime, const Visit& visit) {
  std::atomic<int> next{0};
  team().run([&] {
    for (int start; (start = next.fetch_add(atATime)) < count;) {
      for (int index = start; index < std::min(count, start + atATime); ++index) visit(index);
    }
  });
}

}  // namespace karst
