// Columns of many sessions at once: the best entries of ranked lists, and rows of numbers that describe entries and what
// was before. For each there is the same in JavaScript, to the bit: envs/feed-session/candidates.ts and
// logs/feed-session/prefix.ts. Only memory is moved; wants no threads.
#include "group.h"

namespace gym {
namespace GYM_ISA {
namespace {

constexpr int MOST_LISTS = 1024;
/// Sessions ahead of which the heads of the lists, and entries ahead of which their rows, are asked for.
constexpr int AHEAD = 8;
constexpr int ROWS_AHEAD = 8;
constexpr int LINE = 16;
/// Lists are ranked so many at once; the room for them is whole pieces.
constexpr int PIECE = L < 4 ? 2 : L / 2;
typedef double Scores __attribute__((vector_size(8 * PIECE)));
typedef int64_t Counts __attribute__((vector_size(8 * PIECE)));
constexpr float NOTHING = -__builtin_inff();

/// A place of a list.
struct Place {
  float score;
  int32_t entry;
};

/// The lists of one session.
struct Lists {
  const Place* at;
  const uint8_t* shown;
  const int32_t* birth;
  int32_t visit, depth;

  /// The first place of list c, from `place` on, that may be taken; its end if there is none. Lists are filled up with −1.
  int32_t next(int32_t place, int32_t c) const {
    for (const int32_t end = (c + 1) * depth; place < end; place++) {
      if (shown[place] != 0) continue;
      if (at[place].entry < 0) return end;
      if (birth == nullptr || birth[at[place].entry] <= visit) break;
    }
    return place;
  }
};

/// order = the lists from the best head to the worst; of equal ones the lower list is first. A list's place is the count
/// of those before it: nothing for the processor to guess, and whole vectors at a time.
GYM_INLINE void rank(double* score, int lists, int32_t* order) {
  Counts number;
  for (int l = 0; l < PIECE; l++) number[l] = l;
  for (int l = lists; l % PIECE != 0; l++) score[l] = NOTHING;
  for (int from = 0; from < lists; from += PIECE, number += PIECE) {
    Scores own;
    std::memcpy(&own, score + from, sizeof own);
    Counts before = {};
    for (int64_t other = 0; other < lists; other++) {
      const double its = score[other];
      before -= (its > own) | ((its == own) & (other < number));
    }
    for (int l = from; l < lists && l < from + PIECE; l++) order[before[l - from]] = l;
  }
}

/// Merges the C lists of a session by score less x·exposure of the list; of equal scores the lower list is first.
///
/// at = lists [owners, C, D] of (score, entry) in falling order, birth [N], owner [B], visit [B], first [B, C] and
/// firstScore f64 [B, C]: the first place of each list that may be taken, exposure [B, C], shown u8 [B, C·D],
/// sessions [n], then the outputs place [B, K] and taken [B, K] (its entry); n = n, C, D, K, how many are wanted, whether
/// births count; x = weight of exposure
void mergeLists(const Call& c) {
  const int n = c.n[0], C = c.n[1], D = c.n[2], K = c.n[3], wanted = c.n[4];
  const bool births = c.n[5] != 0;
  const double weight = c.x[0];
  const int32_t *owner = c.ids(2), *visit = c.ids(3), *first = c.ids(4), *sessions = c.ids(8);
  const auto* all = static_cast<const Place*>(c.at[0]);
  const double* firstScore = static_cast<const double*>(c.at[5]);
  const auto* shown = static_cast<const uint8_t*>(c.at[7]);
  auto *places = static_cast<int32_t*>(c.at[9]), *taken = static_cast<int32_t*>(c.at[10]);
  if (C > MOST_LISTS) return complain("mergeLists: expected at most %d lists, received %d", MOST_LISTS, C);
  int32_t order[MOST_LISTS], head[MOST_LISTS];
  double score[MOST_LISTS], penalty[MOST_LISTS];
  for (int i = 0; i < n; i++) {
    const int64_t b = sessions[i], pool = static_cast<int64_t>(owner[b]) * C * D;
    if (i + AHEAD < n) {
      const int64_t later = sessions[i + AHEAD], at = static_cast<int64_t>(owner[later]) * C * D;
      for (int l = 0; l < C; l++) {
        const int64_t place = first[later * C + l];
        __builtin_prefetch(all + at + place);
        __builtin_prefetch(shown + later * C * D + place);
      }
    }
    const Lists lists{all + pool, shown + b * C * D, births ? c.ids(1) : nullptr, visit[b], D};
    for (int l = 0; l < C; l++) penalty[l] = weight * static_cast<double>(c.in(6)[b * C + l]);
    // Keeps the compiler from joining product and difference, which would round once instead of twice.
    asm volatile("" : : "r"(penalty) : "memory");
    for (int l = 0; l < C; l++) {
      head[l] = first[b * C + l];
      score[l] = firstScore[b * C + l] - penalty[l];
    }
    rank(score, C, order);
    for (int64_t k = b * K; k < b * K + wanted; k++) {
      const int32_t l = order[0], place = head[l], end = (l + 1) * D;
      if (place >= end) return complain("mergeLists: the lists of session %d have run out", static_cast<int>(b));
      places[k] = place;
      taken[k] = lists.at[place].entry;
      const int32_t next = lists.next(place + 1, l);
      const double value = next < end ? lists.at[next].score - penalty[l] : NOTHING;
      head[l] = next;
      score[l] = value;
      int at = 0;
      for (; at + 1 < C; at++) {
        const int32_t other = order[at + 1];
        if (score[other] < value || (score[other] == value && other > l)) break;
        order[at] = other;
      }
      order[at] = l;
    }
  }
}

/// to[0 … width) = from[0 … width) without touching anything beside them.
GYM_INLINE void copyRow(float* to, const float* from, int64_t width) {
  if (width >= L) {
    int64_t j = 0;
    for (; j + L <= width; j += L) store(to + j, load(from + j));
    if (j < width) store(to + width - L, load(from + width - L));  // some of them once more
  } else {
    if (L == 16)
      storePart(to, loadPart(from, static_cast<int>(width)), static_cast<int>(width));
    else
      for (int64_t j = 0; j < width; j++) to[j] = from[j];
  }
}

/// Has a row on its way to the cache.
GYM_INLINE void askFor(const float* row, int64_t width) {
  for (int64_t j = 0; j < width; j += LINE) __builtin_prefetch(row + j);
  __builtin_prefetch(row + width - 1);
}

/// Describes the K entries of a session: the row of each, 0 or 1 (the last `marked` of them), its group.
///
/// at = table [N, F], group [N], taken [B, K], sessions [n], rows [n] of `out`, out [rows, stride]; n = n, K, F, stride,
/// place in the row, marked
void entryRows(const Call& c) {
  const int n = c.n[0], K = c.n[1], F = c.n[2], marked = c.n[5];
  const int64_t stride = c.n[3], place = c.n[4];
  const float* table = c.in(0);
  const int32_t *group = c.ids(1), *taken = c.ids(2), *sessions = c.ids(3), *rows = c.ids(4);
  for (int i = 0; i < n; i++) {
    const int32_t* entry = taken + static_cast<int64_t>(sessions[i]) * K;
    float* to = c.out(5) + rows[i] * stride + place;
    // The entries of the next session, if it is the next row: else those of whoever lies there, and nothing is lost.
    const int32_t* later = i + 1 < n ? taken + static_cast<int64_t>(sessions[i + 1]) * K : entry;
    for (int k = 0; k < K; k++, to += F) {
      const int32_t ahead = k + ROWS_AHEAD < K ? entry[k + ROWS_AHEAD] : later[(k + ROWS_AHEAD - K) % K];
      askFor(table + static_cast<int64_t>(ahead) * F, F);
      copyRow(to, table + static_cast<int64_t>(entry[k]) * F, F);
    }
    for (int k = 0; k < K; k++) *to++ = k < K - marked ? 0.0f : 1.0f;
    for (int k = 0; k < K; k++) *to++ = static_cast<float>(group[entry[k]]);
  }
}

/// Describes what was before in a session: what is known [P], its length as two numbers, averages [W], and of each of the
/// last R entries, newest first: 1, its row [F], its answers [A]; zeros where there is none.
///
/// at = known [B, P], averages [B, W], step [B], recent [B, R] (the entry of step s at s mod R), answers [B, R, A],
/// table [N, F], progress [long + 1], sessions [n], rows [n] of `out`, out [rows, stride]; n = n, P, W, R, A, F, stride, long
void historyRows(const Call& c) {
  const int n = c.n[0], P = c.n[1], W = c.n[2], R = c.n[3], A = c.n[4], F = c.n[5], longest = c.n[7];
  const int64_t stride = c.n[6];
  const int32_t *step = c.ids(2), *recent = c.ids(3), *sessions = c.ids(7), *rows = c.ids(8);
  const float *answers = c.in(4), *table = c.in(5), *progress = c.in(6);
  for (int i = 0; i < n; i++) {
    const int64_t b = sessions[i];
    float* to = c.out(9) + rows[i] * stride;
    if (i + AHEAD < n) {
      const int64_t later = sessions[i + AHEAD];
      for (int64_t r = later * R; r < (later + 1) * R; r++) {
        if (recent[r] >= 0) askFor(table + static_cast<int64_t>(recent[r]) * F, F);
      }
    }
    copyRow(to, c.in(0) + b * P, P);
    to += P;
    const int steps = step[b], told = steps < longest ? steps : longest;
    *to++ = static_cast<float>(static_cast<double>(told) / longest);
    *to++ = progress[told];
    copyRow(to, c.in(1) + b * W, W);
    to += W;
    for (int r = 1; r <= R; r++, to += 1 + F + A) {
      if (r > steps) {
        for (int j = 0; j < 1 + F + A; j++) to[j] = 0;
        continue;
      }
      const int64_t at = b * R + (steps - r) % R;
      to[0] = 1;
      copyRow(to + 1, table + static_cast<int64_t>(recent[at]) * F, F);
      copyRow(to + 1 + F, answers + at * A, A);
    }
  }
}

}  // namespace
}  // namespace GYM_ISA
}  // namespace gym

using namespace gym::GYM_ISA;
GYM_KERNELS(sessions, {"mergeLists", mergeLists}, {"entryRows", entryRows}, {"historyRows", historyRows})
