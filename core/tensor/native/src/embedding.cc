// Embedding tables: sums of the rows that a bag of ids names, and their gradient as rows, never as a whole table.
//
// An id of −1 is padding and counts for nothing. A bag's value is the sum of its rows or, with `mean`, the sum divided by
// the number of ids that are not padding.
#include "group.h"

namespace gym {
namespace GYM_ISA {
namespace {

constexpr int64_t GRAIN = 32768;
/// Look-ups ahead of which a row is asked for.
constexpr int64_t AHEAD = 16;
/// Numbers in a line of the cache.
constexpr int LINE = 16;

bool within(const int32_t* ids, int64_t count, int32_t rows) {
  for (int64_t i = 0; i < count; i++) {
    if (ids[i] < -1 || ids[i] >= rows) {
      complain("embedding: expected ids in [0, %d) or -1 for padding, received %d at place %lld", rows, ids[i],
               static_cast<long long>(i));
      return false;
    }
  }
  return true;
}

float shareOf(const int32_t* ids, int64_t bag, bool mean) {
  if (!mean) return 1;
  int64_t known = 0;
  for (int64_t f = 0; f < bag; f++) known += ids[f] >= 0;
  return known == 0 ? 0 : 1.0f / static_cast<float>(known);
}

void addRow(float* to, const float* from, int64_t width, float share) {
  int64_t j = 0;
  for (; j + L <= width; j += L) store(to + j, load(to + j) + load(from + j) * share);
  for (; j < width; j++) to[j] += from[j] * share;
}

/// One bag whose width is N vectors, summed in registers.
template <int N>
void bagOf(const float* table, const int32_t* ids, int64_t bag, int64_t ahead, float share, float* out) {
  V total[N] = {};
  for (int64_t f = 0; f < bag; f++) {
    if (f + AHEAD < ahead && ids[f + AHEAD] >= 0) {
      const float* next = table + static_cast<int64_t>(ids[f + AHEAD]) * N * L;
      for (int j = 0; j < N * L; j += LINE) __builtin_prefetch(next + j);
    }
    if (ids[f] < 0) continue;
    const float* row = table + static_cast<int64_t>(ids[f]) * N * L;
    for (int j = 0; j < N; j++) total[j] += load(row + j * L);
  }
  for (int j = 0; j < N; j++) store(out + j * L, total[j] * share);
}

/// at = table, ids, out; n = bags, ids per bag, width, rows of the table, mean?
void embeddingBag(const Call& c) {
  const int64_t bags = c.n[0], bag = c.n[1], width = c.n[2];
  const float* table = c.in(0);
  const int32_t* ids = c.ids(1);
  float* out = c.out(2);
  if (!within(ids, bags * bag, c.n[3])) return;
  const bool mean = c.n[4] != 0;
  forEach(bags, 1 + GRAIN / (bag * width + 1), [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i++) {
      const int32_t* own = ids + i * bag;
      const float share = shareOf(own, bag, mean);
      const int64_t ahead = (bags - i) * bag;
      if (width == L) {
        bagOf<1>(table, own, bag, ahead, share, out + i * width);
      } else if (width == 2 * L) {
        bagOf<2>(table, own, bag, ahead, share, out + i * width);
      } else if (width == 4 * L) {
        bagOf<4>(table, own, bag, ahead, share, out + i * width);
      } else {
        std::memset(out + i * width, 0, width * sizeof(float));
        for (int64_t f = 0; f < bag; f++)
          if (own[f] >= 0) addRow(out + i * width, table + static_cast<int64_t>(own[f]) * width, width, share);
      }
    }
  });
}

/// at = dy, ids, gradient of the whole table; n as embeddingBag. For small tables.
void embeddingBagGradient(const Call& c) {
  const int64_t bags = c.n[0], bag = c.n[1], width = c.n[2];
  const int32_t* ids = c.ids(1);
  float* out = c.out(2);
  if (!within(ids, bags * bag, c.n[3])) return;
  std::memset(out, 0, static_cast<int64_t>(c.n[3]) * width * sizeof(float));
  for (int64_t i = 0; i < bags; i++) {
    const float share = shareOf(ids + i * bag, bag, c.n[4] != 0);
    for (int64_t f = i * bag; f < (i + 1) * bag; f++)
      if (ids[f] >= 0) addRow(out + static_cast<int64_t>(ids[f]) * width, c.in(0) + i * width, width, share);
  }
}

/// A row of the table and the slope that it was looked up with.
struct Claim {
  int32_t row, from;
};

/// Sorts claims by row, keeping the order of equal rows (by digits of eleven bits, least first). Returns the array, of the
/// two, that holds the result.
Claim* sortClaims(Claim* claims, Claim* other, int64_t count, int32_t rows) {
  constexpr int BITS = 11, DIGITS = 1 << BITS;
  for (int shift = 0; shift < 31 && (rows - 1) >> shift > 0; shift += BITS) {
    int32_t start[DIGITS + 1] = {};
    for (int64_t i = 0; i < count; i++) start[((claims[i].row >> shift) & (DIGITS - 1)) + 1]++;
    for (int d = 0; d < DIGITS; d++) start[d + 1] += start[d];
    for (int64_t i = 0; i < count; i++) other[start[(claims[i].row >> shift) & (DIGITS - 1)]++] = claims[i];
    Claim* swap = claims;
    claims = other;
    other = swap;
  }
  return claims;
}

/// Notes which rows were looked up, and with which slope.
///
/// at = dy, ids, slopes [most bags, width], claims [2 · capacity], counts [3]; n as embeddingBag. Adds to what is there:
/// counts[0] claims of (row, slope) and counts[1] slopes, a bag's dy times the share of each of its rows.
void tableGradient(const Call& c) {
  const int64_t bags = c.n[0], bag = c.n[1], width = c.n[2];
  const int32_t* ids = c.ids(1);
  if (!within(ids, bags * bag, c.n[3])) return;
  auto* counts = static_cast<int32_t*>(c.at[4]);
  Claim* claim = static_cast<Claim*>(c.at[3]) + counts[0];
  float* slopes = c.out(2) + static_cast<int64_t>(counts[1]) * width;
  for (int64_t i = 0; i < bags; i++) {
    const int32_t* own = ids + i * bag;
    const float share = shareOf(own, bag, c.n[4] != 0);
    for (int64_t j = 0; j < width; j++) slopes[i * width + j] = c.in(0)[i * width + j] * share;
    for (int64_t f = 0; f < bag; f++)
      if (own[f] >= 0) *claim++ = Claim{own[f], static_cast<int32_t>(counts[1] + i)};
  }
  counts[0] = static_cast<int32_t>(claim - static_cast<Claim*>(c.at[3]));
  counts[1] += static_cast<int32_t>(bags);
}

/// Calls f(row, gradient) for every row that was claimed, upwards; a row claimed more than once gets its slopes summed in
/// the order of the look-ups, in `room` [width].
template <class F>
void eachRow(const Claim* claims, int64_t count, const float* slopes, int64_t width, float* room, const F& f) {
  for (int64_t i = 0; i < count;) {
    const int32_t row = claims[i].row;
    const float* gradient = slopes + claims[i].from * width;
    if (++i < count && claims[i].row == row) {
      std::memcpy(room, gradient, width * sizeof(float));
      for (; i < count && claims[i].row == row; i++) addRow(room, slopes + claims[i].from * width, width, 1);
      gradient = room;
    }
    f(i, row, gradient);
  }
}

float squareOf(const float* g, int64_t width) {
  V run = {};
  int64_t j = 0;
  for (; j + L <= width; j += L) run += load(g + j) * load(g + j);
  float total = sum(run);
  for (; j < width; j++) total += g[j] * g[j];
  return total;
}

/// Sorts the claims, so that the table is walked upwards, and sums the squares of the rows' gradients.
///
/// at = slopes, claims, counts, room [width], squares; n = width, rows of the table, capacity, place in squares.
/// counts[2] says in which half the sorted claims lie.
void tableSquares(const Call& c) {
  const int64_t width = c.n[0];
  auto* counts = static_cast<int32_t*>(c.at[2]);
  auto* claims = static_cast<Claim*>(c.at[1]);
  const Claim* sorted = sortClaims(claims, claims + c.n[2], counts[0], c.n[1]);
  counts[2] = sorted == claims ? 0 : 1;
  double total = 0;
  eachRow(sorted, counts[0], c.in(0), width, c.out(3),
          [&](int64_t, int32_t, const float* g) { total += squareOf(g, width); });
  static_cast<double*>(c.at[4])[c.n[3]] = total;
}

/// Moves the rows that have a gradient and forgets the gradient.
///
/// at = table, history [rows], slopes, claims, counts, room, rates, squares, loss; n = width, parts, row-wise Adagrad?,
/// capacity; x = ε. Adagrad: history_r ← history_r + mean(g_r²), table_r ← table_r − rate·g_r/(√history_r + ε). Else plain
/// descent.
void tableUpdate(const Call& c) {
  const int64_t width = c.n[0];
  float *table = c.out(0), *history = c.out(1);
  auto* counts = static_cast<int32_t*>(c.at[4]);
  const Claim* claims = static_cast<Claim*>(c.at[3]) + (counts[2] != 0 ? c.n[3] : 0);
  const auto* rates = static_cast<const double*>(c.at[6]);
  const auto* parts = static_cast<const double*>(c.at[7]);
  double norm = 0;
  for (int i = 0; i < c.n[1]; i++) norm += parts[i];
  norm = __builtin_sqrt(norm);
  const int64_t count = __builtin_isfinite(norm) && __builtin_isfinite(c.in(8)[0]) ? counts[0] : 0;
  const float clip = norm > rates[1] ? rates[1] / norm : 1;
  const float epsilon = c.x[0], rate = rates[0];
  eachRow(claims, count, c.in(2), width, c.out(5), [&](int64_t i, int32_t row, const float* g) {
    if (i + AHEAD < count) {
      const float* next = table + static_cast<int64_t>(claims[i + AHEAD].row) * width;
      for (int64_t j = 0; j < width; j += LINE) __builtin_prefetch(next + j, 1);
      if (c.n[2]) __builtin_prefetch(history + claims[i + AHEAD].row, 1);
    }
    float* w = table + static_cast<int64_t>(row) * width;
    float step = rate * clip;
    if (c.n[2]) {
      const float past = history[row] + squareOf(g, width) * clip * clip / static_cast<float>(width);
      history[row] = past;
      step /= __builtin_sqrtf(past) + epsilon;
    }
    int64_t j = 0;
    for (; j + L <= width; j += L) store(w + j, load(w + j) - load(g + j) * step);
    for (; j < width; j++) w[j] -= g[j] * step;
  });
  counts[0] = counts[1] = 0;
}

}  // namespace
}  // namespace GYM_ISA
}  // namespace gym

using namespace gym::GYM_ISA;
GYM_KERNELS(embedding, {"embeddingBag", embeddingBag}, {"embeddingBagGradient", embeddingBagGradient},
            {"tableGradient", tableGradient}, {"tableSquares", tableSquares}, {"tableUpdate", tableUpdate})
