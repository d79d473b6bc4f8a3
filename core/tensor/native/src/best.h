// The best k rows of each query, collected by several threads. Which rows those are is a matter of the scores alone
// (ties go to the lower row), so neither the order of visits nor the number of threads changes the answer.
#pragma once
#include <cstdlib>
#include <cstring>

#include "group.h"

namespace gym {
namespace GYM_ISA {
namespace {

/// Queries of one call, at most: what the tiles are cut for.
constexpr int PANEL = 32;
/// Products of tiny numbers vanish in floats; bounds leave this much room.
constexpr float SPARE = 1e-36f;

/// Rows a thread takes at once.
constexpr int PIECE = 1024;
GYM_INLINE int64_t piecesOf(int64_t rows) { return (rows + PIECE - 1) / PIECE; }

/// A bit per row, the lowest of each byte first.
GYM_INLINE bool has(const uint8_t* bits, int64_t row) { return (bits[row >> 3] >> (row & 7) & 1) != 0; }

GYM_INLINE float fromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
GYM_INLINE uint32_t toBits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

/// Score and row in one number, greater where better. Scores are never NaN and never −0.
GYM_INLINE uint64_t keyOf(float score, int32_t row) {
  const uint32_t bits = toBits(score);
  const uint32_t ordered = bits ^ (bits >> 31 ? 0xffffffffu : 0x80000000u);
  return static_cast<uint64_t>(ordered) << 32 | ~static_cast<uint32_t>(row);
}
GYM_INLINE float scoreOf(uint64_t key) {
  const uint32_t ordered = static_cast<uint32_t>(key >> 32);
  return fromBits(ordered ^ (ordered >> 31 ? 0x80000000u : 0xffffffffu));
}
GYM_INLINE int32_t rowOf(uint64_t key) { return static_cast<int32_t>(~static_cast<uint32_t>(key)); }

/// The k greatest keys, the least of them on top.
struct Heap {
  uint64_t* key;
  int count;

  /// Whether all places are taken by greater keys.
  bool beats(uint64_t k, int most) const { return count == most && key[0] > k; }

  void sink(uint64_t k) {
    int at = 0;
    for (int child = 1; child < count; child = 2 * at + 1) {
      if (child + 1 < count && key[child + 1] < key[child]) child++;
      if (key[child] >= k) break;
      key[at] = key[child];
      at = child;
    }
    key[at] = k;
  }

  void offer(uint64_t k, int most) {
    if (count == most) {
      if (k > key[0]) sink(k);
      return;
    }
    int at = count++;
    for (; at > 0 && key[(at - 1) / 2] > k; at = (at - 1) / 2) key[at] = key[(at - 1) / 2];
    key[at] = k;
  }

  uint64_t take() {
    const uint64_t least = key[0];
    const uint64_t last = key[--count];
    if (count > 0) sink(last);
    return least;
  }
};

/// What is known of one query. Sixty-four bytes, so that threads do not share a line.
struct alignas(64) Query {
  Heap scored;  // by score
  Heap sure;    // by the least that the score can be
  uint64_t* waiting;  // complements of keys by the most that a score can be: the least is the most promising
  int count;
  int lock;
};

/// `Source` has score(query, row) and prefetch(row).
template <class Source>
class Collector {
 public:
  Collector(const Source& source, int queries, int k, int64_t rows) : source_(source), queries_(queries), k_(k) {
    const int64_t ample = 16 * static_cast<int64_t>(k) + 1024;
    most_ = static_cast<int>(ample < rows ? ample : rows + 1);
    const size_t each = 2 * static_cast<size_t>(k) + most_;
    memory_ = static_cast<uint64_t*>(std::malloc(queries * each * sizeof(uint64_t)));
    for (int q = 0; q < PANEL; q++) floor_[q] = toBits(q < queries ? -__builtin_inff() : __builtin_inff());
    if (memory_ == nullptr) {
      complain("search: not enough memory for %d queries of %d rows", queries, k);
      return;
    }
    for (int q = 0; q < queries; q++) {
      uint64_t* at = memory_ + q * each;
      query_[q] = Query{{at, 0}, {at + k, 0}, at + 2 * k, 0, 0};
    }
  }
  ~Collector() { std::free(memory_); }
  Collector(const Collector&) = delete;

  bool ready() const { return memory_ != nullptr; }

  /// What each query's k-th best score is at least; −∞ before k rows are known. A row that stays below is no answer.
  float floor(int q) const { return fromBits(__atomic_load_n(floor_ + q, __ATOMIC_RELAXED)) - SPARE; }
  void floors(float* to) const {
    for (int q = 0; q < PANEL; q++) to[q] = floor(q);
  }

  /// A row whose score lies in [lower, upper]; it is scored later, if it still matters.
  void propose(int q, float lower, float upper, int32_t row) {
    Query& query = query_[q];
    const uint64_t most = keyOf(upper, row);
    acquire(query);
    if (!query.sure.beats(most, k_) && !query.scored.beats(most, k_)) {
      query.sure.offer(keyOf(lower, row), k_);
      if (query.sure.count == k_) raise(q, scoreOf(query.sure.key[0]));
      query.waiting[query.count++] = ~most;
      if (query.count == most_) settle(q);
    }
    release(query);
  }

  /// A row with its score.
  void offer(int q, float score, int32_t row) {
    Query& query = query_[q];
    acquire(query);
    keep(q, score, row);
    release(query);
  }

  /// Calls work(piece) for each, scattered over the table, so that the floors rise early however the rows are sorted.
  template <class F>
  void eachPiece(int64_t pieces, const F& work) const {
    const int64_t stride = strideOver(pieces);
    forEach(pieces, 1, [&](int64_t from, int64_t to) {
      for (int64_t i = from; i < to; i++) work(i * stride % pieces);
    });
  }

  /// Scores and offers every row of a list without repetitions.
  void eachListed(const int32_t* list, int64_t length) {
    constexpr int STRETCH = 128, AHEAD = 8;
    forEach(length, STRETCH, [&](int64_t from, int64_t to) {
      for (int64_t i = from; i < to; i++) {
        if (i + AHEAD < to) source_.prefetch(list[i + AHEAD]);
        for (int q = 0; q < queries_; q++) {
          const float score = source_.score(q, list[i]);
          if (score >= floor(q)) offer(q, score, list[i]);
        }
      }
    });
  }

  /// Best first; row −1 and score −∞ where there are fewer than k.
  void write(int32_t* rows, float* scores) {
    forEach(queries_, 1, [&](int64_t from, int64_t to) {
      for (int64_t q = from; q < to; q++) {
        settle(static_cast<int>(q));
        Heap& best = query_[q].scored;
        for (int i = k_ - 1; i >= 0; i--) {
          const bool found = i < best.count;
          const uint64_t key = found ? best.take() : 0;
          rows[q * k_ + i] = found ? rowOf(key) : -1;
          scores[q * k_ + i] = found ? scoreOf(key) : -__builtin_inff();
        }
      }
    });
  }

 private:
  static void acquire(Query& query) {
    while (__atomic_exchange_n(&query.lock, 1, __ATOMIC_ACQUIRE) != 0) {
    }
  }
  static void release(Query& query) { __atomic_store_n(&query.lock, 0, __ATOMIC_RELEASE); }

  void raise(int q, float score) {
    const float old = fromBits(__atomic_load_n(floor_ + q, __ATOMIC_RELAXED));
    if (score > old) __atomic_store_n(floor_ + q, toBits(score), __ATOMIC_RELAXED);  // one writer: the lock's holder
  }

  void keep(int q, float score, int32_t row) {
    Heap& scored = query_[q].scored;
    scored.offer(keyOf(score, row), k_);
    if (scored.count == k_) raise(q, scoreOf(scored.key[0]));
  }

  /// Scores what waits, the most promising first, as long as it may still be among the best. Rows are asked for some
  /// time before they are read.
  void settle(int q) {
    constexpr int AHEAD = 8;
    int32_t asked[AHEAD];
    Query& query = query_[q];
    const uint64_t least = keyOf(floor(q), -1);
    Heap promising{query.waiting, 0};
    for (int i = 0; i < query.count; i++)
      if (~query.waiting[i] >= least) promising.offer(query.waiting[i], most_);
    query.count = 0;
    int64_t from = 0, to = 0;
    for (;;) {
      const bool more = promising.count > 0 && scoreOf(~promising.key[0]) >= floor(q);
      if (!more && from == to) return;
      if (!more || to - from == AHEAD) {
        const int32_t row = asked[from++ % AHEAD];
        keep(q, source_.score(q, row), row);
        continue;
      }
      const int32_t row = rowOf(~promising.take());
      source_.prefetch(row);
      asked[to++ % AHEAD] = row;
    }
  }

  /// Near the golden section of `pieces` and without a common factor.
  static int64_t strideOver(int64_t pieces) {
    for (int64_t stride = pieces * 618 / 1000 + 1;; stride++) {
      int64_t a = pieces, b = stride;
      while (b != 0) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
      }
      if (a == 1) return stride;
    }
  }

  const Source& source_;
  const int queries_, k_;
  int most_;
  uint64_t* memory_;
  Query query_[PANEL];
  alignas(64) uint32_t floor_[PANEL];
};

}  // namespace
}  // namespace GYM_ISA
}  // namespace gym
