// Exact search among packed bits: the k rows that differ in the fewest bits from each query of a panel (at most 32).
#include "best.h"

namespace gym {
namespace GYM_ISA {
namespace {

/// How many bits differ; the query's last word is filled up with 0.
template <int WORDS>
GYM_INLINE int distanceOf(const uint64_t* query, const uint8_t* code, int bytes) {
  int differ = 0;
  const int whole = WORDS > 0 ? WORDS : bytes / 8;
  for (int w = 0; w < whole; w++) {
    uint64_t word;
    std::memcpy(&word, code + 8 * w, 8);
    differ += __builtin_popcountll(word ^ query[w]);
  }
  if (WORDS == 0 && bytes % 8 != 0) {
    uint64_t word = 0;
    std::memcpy(&word, code + 8 * whole, bytes % 8);
    differ += __builtin_popcountll(word ^ query[whole]);
  }
  return differ;
}

/// What a scan of packed bits reads; a score is minus the number of bits that differ.
class BitScan {
 public:
  BitScan(const uint8_t* asked, int count, int bytes, const uint8_t* table)
      : table(table), bytes(bytes), words((bytes + 7) / 8) {
    queries_ = static_cast<uint64_t*>(std::calloc(static_cast<size_t>(count) * words, sizeof(uint64_t)));
    if (queries_ == nullptr) return;
    for (int q = 0; q < count; q++) std::memcpy(queries_ + q * words, asked + static_cast<int64_t>(q) * bytes, bytes);
  }
  ~BitScan() { std::free(queries_); }
  BitScan(const BitScan&) = delete;

  bool ready() const {
    if (queries_ == nullptr) complain("search: not enough memory for queries of %d bytes", bytes);
    return queries_ != nullptr;
  }
  const uint64_t* query(int q) const { return queries_ + q * words; }
  float score(int q, int64_t row) const {
    return static_cast<float>(-distanceOf<0>(query(q), table + row * bytes, bytes));
  }
  void prefetch(int64_t row) const { __builtin_prefetch(table + row * bytes); }

  const uint8_t* table;
  const int bytes, words;

 private:
  uint64_t* queries_;
};
using Best = Collector<BitScan>;

/// The most bits by which a row may differ that is still to reach a floor.
GYM_INLINE int limit(float floor, int bytes) {
  return floor < -8.0f * bytes ? 8 * bytes : static_cast<int>(-floor);
}

template <int WORDS>
void scanBitsOf(const BitScan& scan, int queries, int64_t rows, const uint8_t* allowed, Best& best) {
  constexpr int FAR = 2048;  // bytes ahead: the processor's own prefetching stops at every page
  const int bytes = WORDS > 0 ? 8 * WORDS : scan.bytes;
  best.eachPiece(piecesOf(rows), [&](Best::Desk& desk, int64_t piece) {
    const int64_t end = (piece + 1) * PIECE < rows ? (piece + 1) * PIECE : rows;
    for (int q = 0; q < queries; q++) {
      uint64_t kept[WORDS > 0 ? WORDS : 1];
      for (int w = 0; w < WORDS; w++) kept[w] = scan.query(q)[w];
      const uint64_t* query = WORDS > 0 ? kept : scan.query(q);
      int most = limit(desk.floors[q], bytes);
      const uint8_t* code = scan.table + piece * PIECE * bytes;
      for (int64_t row = piece * PIECE; row < end; row++, code += bytes) {
        __builtin_prefetch(code + FAR);
        const int differ = distanceOf<WORDS>(query, code, bytes);
        if (differ > most || (allowed != nullptr && !has(allowed, row))) continue;
        const float score = static_cast<float>(-differ);
        desk.propose(q, score, score, row);
        most = limit(desk.floors[q], bytes);
      }
    }
  });
}

/// at = queries [B, bytes], table [rows, bytes], allowed bits, rows out [B, k], scores out [B, k];
/// n = rows, bytes, first query, queries, k, whether only allowed rows count.
void scanBits(const Call& c) {
  const int64_t rows = c.n[0], first = c.n[2];
  const int bytes = c.n[1], count = c.n[3], k = c.n[4];
  const BitScan scan(static_cast<const uint8_t*>(c.at[0]) + first * bytes, count, bytes,
                     static_cast<const uint8_t*>(c.at[1]));
  Best best(scan, count, k, c.n[0]);
  if (!scan.ready() || !best.ready()) return;
  const auto scanAll = bytes == 8    ? scanBitsOf<1>
                       : bytes == 16 ? scanBitsOf<2>
                       : bytes == 32 ? scanBitsOf<4>
                                     : scanBitsOf<0>;
  scanAll(scan, count, rows, c.n[5] != 0 ? static_cast<const uint8_t*>(c.at[2]) : nullptr, best);
  best.write(static_cast<int32_t*>(c.at[3]) + first * k, c.out(4) + first * k);
}

/// at = queries [B, bytes], table [rows, bytes], list of rows, rows out [B, k], scores out [B, k];
/// n = length of the list, bytes, first query, queries, k.
void scanBitsListed(const Call& c) {
  const int64_t first = c.n[2];
  const int bytes = c.n[1], count = c.n[3], k = c.n[4];
  const BitScan scan(static_cast<const uint8_t*>(c.at[0]) + first * bytes, count, bytes,
                     static_cast<const uint8_t*>(c.at[1]));
  Best best(scan, count, k, c.n[0]);
  if (!scan.ready() || !best.ready()) return;
  best.eachListed(c.ids(2), c.n[0]);
  best.write(static_cast<int32_t*>(c.at[3]) + first * k, c.out(4) + first * k);
}

}  // namespace
}  // namespace GYM_ISA
}  // namespace gym

using namespace gym::GYM_ISA;
GYM_KERNELS(scan_bits, {"scanBits", scanBits}, {"scanBitsListed", scanBitsListed})
