#include "threads.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace gym {
namespace {

/// Rounds of looking for work before a thread goes to sleep: about 20 µs, longer than the gap between two kernels.
constexpr int SPINS = 4000;

inline void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

/// Whether this thread works in a section: what it starts inside runs on it alone.
thread_local bool within = false;

/// Whoever runs a section opens it, works, closes it, and waits only for those that came in: a thread that is still
/// asleep then finds the door shut and costs nothing.
struct Pool {
  std::mutex busy;  // held by whoever runs a section
  std::mutex mutex;
  std::condition_variable wake;
  int workers = 0;
  std::atomic<uint64_t> round{0};
  std::atomic<bool> open{false};
  std::atomic<int> inside{0};
  std::atomic<int64_t> next{0};
  int64_t n = 0, grain = 1;
  Body body = nullptr;
  void* context = nullptr;
  std::atomic<int> limit{1};

  void work() {
    within = true;
    for (;;) {
      const int64_t from = next.fetch_add(grain, std::memory_order_relaxed);
      if (from >= n) break;
      body(context, from, from + grain < n ? from + grain : n);
    }
    within = false;
  }

  void serve(int seat) {
    uint64_t seen = 0;
    for (;;) {
      for (int spin = 0; spin < SPINS && round.load() == seen; spin++) pause();
      if (round.load() == seen) {
        std::unique_lock<std::mutex> lock(mutex);
        wake.wait(lock, [&] { return round.load() != seen; });
      }
      seen = round.load();
      inside.fetch_add(1);
      if (open.load() && seat < limit.load()) work();
      inside.fetch_sub(1);
    }
  }

  /// Threads are started when first needed and stay; a lower limit leaves some of them without work.
  void grow() {
    for (; workers < limit.load() - 1; workers++) {
      const int seat = workers + 1;
      std::thread([this, seat] { serve(seat); }).detach();
    }
  }
};

/// Never destroyed: its threads may still be asleep when the process ends.
Pool& pool() {
  static Pool* made = [] {
    auto* fresh = new Pool();
    const int cores = static_cast<int>(std::thread::hardware_concurrency());
    fresh->limit.store(cores < 1 ? 1 : cores > 16 ? 16 : cores);
    return fresh;
  }();
  return *made;
}

}  // namespace

int threads() { return pool().limit.load(); }

void setThreads(int count) { pool().limit.store(count < 1 ? 1 : count > 64 ? 64 : count); }

void parallel(int64_t n, int64_t grain, Body body, void* context) {
  Pool& p = pool();
  if (n <= grain || within || p.limit.load() == 1 || !p.busy.try_lock()) {
    for (int64_t from = 0; from < n; from += grain) body(context, from, from + grain < n ? from + grain : n);
    return;
  }
  p.grow();
  p.n = n;
  p.grain = grain;
  p.body = body;
  p.context = context;
  p.next.store(0);
  p.open.store(true);
  {
    std::lock_guard<std::mutex> lock(p.mutex);
    p.round.fetch_add(1);
  }
  p.wake.notify_all();
  p.work();
  p.open.store(false);
  while (p.inside.load() != 0) pause();
  p.busy.unlock();
}

}  // namespace gym
