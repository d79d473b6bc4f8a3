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
constexpr int64_t AHEAD = 12;

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
    if (f + AHEAD < ahead && ids[f + AHEAD] >= 0) __builtin_prefetch(table + static_cast<int64_t>(ids[f + AHEAD]) * N * L);
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

/// Collects the gradient of the rows that were looked up, rows named more than once summed.
///
/// at = dy, ids, place [rows of the table] (−1: not seen), seen [look-ups], sums [look-ups, width], count [1]; n as
/// embeddingBag. Adds to what is there: seen[0 … count) are the rows, sums their gradients.
void tableGradient(const Call& c) {
  const int64_t bags = c.n[0], bag = c.n[1], width = c.n[2];
  const int32_t* ids = c.ids(1);
  if (!within(ids, bags * bag, c.n[3])) return;
  auto* place = static_cast<int32_t*>(c.at[2]);
  auto* seen = static_cast<int32_t*>(c.at[3]);
  float* sums = c.out(4);
  int32_t count = static_cast<int32_t*>(c.at[5])[0];
  const int64_t total = bags * bag;
  for (int64_t i = 0; i < bags; i++) {
    const float* dy = c.in(0) + i * width;
    const float share = shareOf(ids + i * bag, bag, c.n[4] != 0);
    for (int64_t f = i * bag; f < (i + 1) * bag; f++) {
      if (f + AHEAD < total && ids[f + AHEAD] >= 0) __builtin_prefetch(place + ids[f + AHEAD], 1);
      const int32_t id = ids[f];
      if (id < 0) continue;
      if (place[id] < 0) {
        place[id] = count;
        seen[count] = id;
        float* to = sums + count * width;
        int64_t j = 0;
        for (; j + L <= width; j += L) store(to + j, load(dy + j) * share);
        for (; j < width; j++) to[j] = dy[j] * share;
        count++;
      } else {
        addRow(sums + place[id] * width, dy, width, share);
      }
    }
  }
  static_cast<int32_t*>(c.at[5])[0] = count;
}

/// at = sums, count, squares; n = width, place in squares.
void tableSquares(const Call& c) {
  const int64_t count = static_cast<int64_t>(c.ids(1)[0]) * c.n[0];
  double total = 0;
  V run = {};
  int64_t i = 0;
  for (int64_t k = 0; i + L <= count; i += L) {
    const V v = load(c.in(0) + i);
    run += v * v;
    if (++k == 64) {
      total += sum(run);
      run = V{};
      k = 0;
    }
  }
  total += sum(run);
  for (; i < count; i++) total += static_cast<double>(c.in(0)[i]) * c.in(0)[i];
  static_cast<double*>(c.at[2])[c.n[1]] = total;
}

/// Moves the rows that have a gradient and forgets the gradient.
///
/// at = table, history [rows], place, seen, sums, count, rates, squares, loss; n = width, parts, row-wise Adagrad?;
/// x = ε. Adagrad: history_r ← history_r + mean(g_r²), table_r ← table_r − rate·g_r/(√history_r + ε). Else plain descent.
void tableUpdate(const Call& c) {
  const int64_t width = c.n[0];
  float *table = c.out(0), *history = c.out(1);
  auto* place = static_cast<int32_t*>(c.at[2]);
  const int32_t* seen = c.ids(3);
  const float* sums = c.in(4);
  auto* count = static_cast<int32_t*>(c.at[5]);
  const auto* rates = static_cast<const double*>(c.at[6]);
  const auto* parts = static_cast<const double*>(c.at[7]);
  double norm = 0;
  for (int i = 0; i < c.n[1]; i++) norm += parts[i];
  norm = __builtin_sqrt(norm);
  const bool move = __builtin_isfinite(norm) && __builtin_isfinite(c.in(8)[0]);
  const float clip = norm > rates[1] ? rates[1] / norm : 1;
  const float epsilon = c.x[0], rate = rates[0];
  for (int32_t i = 0; i < count[0]; i++) {
    if (i + AHEAD < count[0]) {
      const float* next = table + static_cast<int64_t>(seen[i + AHEAD]) * width;
      for (int64_t j = 0; j < width; j += 16) __builtin_prefetch(next + j, 1);
      __builtin_prefetch(history + seen[i + AHEAD], 1);
      __builtin_prefetch(place + seen[i + AHEAD], 1);
    }
    const int32_t id = seen[i];
    place[id] = -1;
    if (!move) continue;
    const float* g = sums + i * width;
    float* w = table + static_cast<int64_t>(id) * width;
    float step = rate * clip;
    if (c.n[2]) {
      V run = {};
      int64_t j = 0;
      for (; j + L <= width; j += L) run += load(g + j) * load(g + j);
      float total = sum(run);
      for (; j < width; j++) total += g[j] * g[j];
      history[id] += total * clip * clip / static_cast<float>(width);
      step /= __builtin_sqrtf(history[id]) + epsilon;
    }
    int64_t j = 0;
    for (; j + L <= width; j += L) store(w + j, load(w + j) - load(g + j) * step);
    for (; j < width; j++) w[j] -= g[j] * step;
  }
  count[0] = 0;
}

}  // namespace
}  // namespace GYM_ISA
}  // namespace gym

using namespace gym::GYM_ISA;
GYM_KERNELS(embedding, {"embeddingBag", embeddingBag}, {"embeddingBagGradient", embeddingBagGradient},
            {"tableGradient", tableGradient}, {"tableSquares", tableSquares}, {"tableUpdate", tableUpdate})
