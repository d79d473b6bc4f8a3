// One pool of threads for large work. Splitting never changes a result: work is cut by output rows or into pieces of a
// fixed size, never by the number of threads.
#pragma once
#include <cstdint>

namespace gym {

using Body = void (*)(void* context, int64_t from, int64_t to);

/// Runs body over [0, n) in pieces of `grain`; on the calling thread alone where n ≤ grain, where one thread is allowed,
/// or while another thread of the process uses the pool.
void parallel(int64_t n, int64_t grain, Body body, void* context);

/// How many threads `parallel` may use, the calling one included.
int threads();
void setThreads(int count);

/// parallel() for a lambda.
template <class F>
inline void forEach(int64_t n, int64_t grain, const F& work) {
  parallel(
      n, grain, [](void* context, int64_t from, int64_t to) { (*static_cast<const F*>(context))(from, to); },
      const_cast<F*>(&work));
}

}  // namespace gym
