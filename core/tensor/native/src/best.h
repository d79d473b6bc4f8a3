// The best k rows of each query, collected by several threads. Which rows those are is a matter of the scores alone
// (ties go to the lower row), so neither the order of visits nor the number of threads changes the answer.
#pragma once
#include <cstdlib>

#include "heap.h"

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

/// What is known of one query. Sixty-four bytes, so that threads do not share a line.
struct alignas(64) Query {
  Heap scored;  // by score
  Heap sure;    // by the least that the score can be
  uint64_t* waiting;  // complements of keys by the most that a score can be: the least is the most promising
  int count;
  int lock;
};

/// A row whose score lies in [lower, upper].
struct Proposal {
  float lower, upper;
  int32_t row;
};

/// `Source` has score(query, row) and prefetch(row).
template <class Source>
class Collector {
 public:
  /// For at most `rows` proposals a query.
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

  /// What one thread proposes, handed in several at a time: memory that threads share travels slowly between them.
  class Desk {
   public:
    explicit Desk(Collector& shared) : shared_(shared) { look(); }
    ~Desk() {
      for (int q = 0; q < shared_.queries_; q++) handIn(q);
    }
    Desk(const Desk&) = delete;

    /// What each query's k-th best score is at least; −∞ before k rows are known. A row that stays below is no answer.
    float floors[PANEL];
    void look() {
      for (int q = 0; q < PANEL; q++) floors[q] = shared_.floor(q);
    }

    /// For a row that may reach the query's floor.
    void propose(int q, float lower, float upper, int64_t row) {
      held_[q][count_[q]++] = Proposal{lower, upper, static_cast<int32_t>(row)};
      if (count_[q] == ROOM) handIn(q);
    }

   private:
    static constexpr int ROOM = 16;

    void handIn(int q) {
      if (count_[q] == 0) return;
      shared_.take(q, held_[q], count_[q]);
      count_[q] = 0;
      floors[q] = shared_.floor(q);
    }

    Collector& shared_;
    int count_[PANEL] = {};
    Proposal held_[PANEL][ROOM];
  };

  /// Calls work(desk, piece) for each, scattered over the table, so that the floors rise early however rows are sorted.
  template <class F>
  void eachPiece(int64_t pieces, const F& work) {
    const int64_t stride = strideOver(pieces), share = pieces / 64;
    forEach(pieces, share < 1 ? 1 : share < 16 ? share : 16, [&](int64_t from, int64_t to) {
      Desk desk(*this);
      for (int64_t i = from; i < to; i++) {
        work(desk, i * stride % pieces);
        desk.look();
      }
    });
  }

  /// Scores every row of a list without repetitions.
  void eachListed(const int32_t* list, int64_t length) {
    constexpr int STRETCH = 128, AHEAD = 8;
    forEach(length, STRETCH, [&](int64_t from, int64_t to) {
      Desk desk(*this);
      for (int64_t i = from; i < to; i++) {
        if (i + AHEAD < to) source_.prefetch(list[i + AHEAD]);
        for (int q = 0; q < queries_; q++) {
          const float score = source_.score(q, list[i]);
          if (score >= desk.floors[q]) desk.propose(q, score, score, list[i]);
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
  float floor(int q) const { return fromBits(__atomic_load_n(floor_ + q, __ATOMIC_RELAXED)) - SPARE; }

  /// For the holder of the query's lock.
  void raise(int q, const Heap& heap) {
    if (heap.count < k_) return;
    const float score = scoreOf(heap.key[0]), old = fromBits(__atomic_load_n(floor_ + q, __ATOMIC_RELAXED));
    if (score > old) __atomic_store_n(floor_ + q, toBits(score), __ATOMIC_RELAXED);
  }

  void take(int q, const Proposal* proposals, int count) {
    Query& query = query_[q];
    while (__atomic_exchange_n(&query.lock, 1, __ATOMIC_ACQUIRE) != 0) {
    }
    for (int i = 0; i < count; i++) {
      const uint64_t most = keyOf(proposals[i].upper, proposals[i].row);
      if (query.sure.beats(most, k_) || query.scored.beats(most, k_)) continue;
      query.sure.offer(keyOf(proposals[i].lower, proposals[i].row), k_);
      query.waiting[query.count++] = ~most;
      if (query.count == most_) settle(q);
    }
    raise(q, query.sure);
    __atomic_store_n(&query.lock, 0, __ATOMIC_RELEASE);
  }

  /// Scores what waits, the most promising first, as long as it may still be among the best. Rows are asked for some
  /// time before they are read.
  void settle(int q) {
    constexpr int AHEAD = 8;
    int32_t asked[AHEAD];
    Query& query = query_[q];
    raise(q, query.sure);
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
        query.scored.offer(keyOf(source_.score(q, row), row), k_);
        raise(q, query.scored);
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
