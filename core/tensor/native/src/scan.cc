// Exact search: the k best rows of a table for each query of a panel (at most 32).
//
// A row's score is the sum of q_i·x_i in double precision, in 8 partial sums (i modulo 8) added in a fixed order,
// rounded once to float. Products of floats are exact in double, so the score is the same on every instruction set and
// in JavaScript. To score every row like this would be slow; a cheap bound tells which rows may be among the best at
// all, from byte codes (codes.h) where the processor multiplies those, else from a product in floats.
#include "codes.h"

namespace gym {
namespace GYM_ISA {
namespace {

GYM_INLINE float score(const float* a, const float* b, int width) {
  double part[8] = {};
  int i = 0;
  for (; i + 8 <= width; i += 8)
    for (int j = 0; j < 8; j++) part[j] += static_cast<double>(a[i + j]) * b[i + j];
  for (int j = 0; i + j < width; j++) part[j] += static_cast<double>(a[i + j]) * b[i + j];
  for (int half = 4; half > 0; half /= 2)
    for (int j = 0; j < half; j++) part[j] += part[j + half];
  return static_cast<float>(part[0]) + 0.0f;
}

/// What a scan reads.
struct Scan {
  const float *queries, *table;
  const uint8_t* allowed;  // null where all are
  int64_t rows;
  int width, count;

  bool open(int64_t row) const { return row < rows && (allowed == nullptr || has(allowed, row)); }
  float score(int query, int64_t row) const {
    return GYM_ISA::score(queries + static_cast<int64_t>(query) * width, table + row * width, width);
  }
  void prefetch(int64_t row) const {
    const char* at = reinterpret_cast<const char*>(table + row * width);
    for (size_t i = 0; i < sizeof(float) * width && i < 512; i += 64) __builtin_prefetch(at + i);
  }
};
using Best = Collector<Scan>;

#if GYM_LANES == 16
struct Codes {
  const uint8_t* bytes;
  const Measure* measures;
};

/// One piece of a coded table.
void scanCodes(const Scan& scan, const Codes& codes, const CodedPanel& panel, Best::Desk& desk, int64_t piece) {
  const int groups = groupsOf(scan.width);
  const int64_t last = blocksOf(scan.rows), end = (piece + 1) * (PIECE / BLOCK);
  int32_t least[PANEL];
  Reach reach[8];
  for (int64_t block = piece * (PIECE / BLOCK); block < (end < last ? end : last); block++) {
    const Measure& measure = codes.measures[block];
    const uint8_t* bytes = codes.bytes + block * groups * 4 * BLOCK;
    leastDots(panel, desk.floors, measure, least);
    for (int first = 0; first < scan.count; first += 8) {
      const bool any = scan.count == 1 ? findReach<1>(panel.words, least, bytes, groups, reach)
                                       : findReach<8>(panel.words + first, least + first, bytes, groups, reach);
      for (int q = first; any && q < (first + 8 < scan.count ? first + 8 : scan.count); q++) {
        const Reach& found = reach[q - first];
        if (found.mask == 0) continue;
        const float radius = panel.radius(q, measure);
        for (uint32_t rest = found.mask; rest != 0; rest &= rest - 1) {
          const int i = __builtin_ctz(rest);
          const float dot = static_cast<float>(found.dots[i] - panel.offset[q]) * panel.scale[q];
          const float lower = (dot - radius) * measure.scale - SPARE, upper = (dot + radius) * measure.scale + SPARE;
          if (scan.open(block * BLOCK + i)) desk.propose(q, lower, upper, block * BLOCK + i);
        }
      }
    }
  }
}
#endif

/// The panel in floats, column by column: [width, PANEL].
struct FloatPanel {
  float* columns;
  float slack[PANEL] = {};  // how far a product in floats may be below the score
};

void fillPanel(const Scan& scan, double largestNorm, FloatPanel* panel) {
  for (int q = 0; q < PANEL; q++) {
    double norm = 0;
    for (int i = 0; i < scan.width; i++) {
      const float value = q < scan.count ? scan.queries[static_cast<int64_t>(q) * scan.width + i] : 0.0f;
      panel->columns[i * PANEL + q] = value;
      norm += static_cast<double>(value) * value;
    }
    panel->slack[q] = above(std::sqrt(norm) * largestNorm * (2 * scan.width + 16) * 6e-8);
  }
}

GYM_INLINE bool any(VI v) {
  int32_t lane[L], all = 0;
  std::memcpy(lane, &v, sizeof v);
  for (int i = 0; i < L; i++) all |= lane[i];
  return all != 0;
}

/// One piece of a table of floats, 4 rows × 2 vectors of queries at a time.
void scanFloats(const Scan& scan, const FloatPanel& panel, Best::Desk& desk, int64_t piece) {
  constexpr int R = 4, W = L == 1 ? 4 : 2;
  const int64_t end = (piece + 1) * PIECE < scan.rows ? (piece + 1) * PIECE : scan.rows;
  for (int64_t row = piece * PIECE; row < end; row += R) {
    const float* x[R];
    for (int r = 0; r < R; r++) x[r] = scan.table + (row + r < end ? row + r : end - 1) * scan.width;
    for (int first = 0; first < scan.count; first += W * L) {
      V sum[R][W];
      for (int r = 0; r < R; r++)
        for (int w = 0; w < W; w++) sum[r][w] = V{};
      for (int i = 0; i < scan.width; i++) {
        V query[W];
        for (int w = 0; w < W; w++) query[w] = load(panel.columns + i * PANEL + first + w * L);
        for (int r = 0; r < R; r++)
          for (int w = 0; w < W; w++) sum[r][w] += query[w] * x[r][i];
      }
      VI hit = {};
      for (int w = 0; w < W; w++) {
        const V least = load(desk.floors + first + w * L) - load(panel.slack + first + w * L);
        for (int r = 0; r < R; r++) hit |= ~(sum[r][w] < least);
      }
      if (!any(hit)) continue;
      for (int r = 0; r < R && row + r < end; r++)
        for (int j = 0; j < W * L && first + j < scan.count; j++) {
          const int q = first + j;
          const float reached = sum[r][j / L][j % L], upper = reached + panel.slack[q];
          if (upper >= desk.floors[q] && scan.open(row + r))
            desk.propose(q, reached - panel.slack[q] - SPARE, upper + SPARE, row + r);
        }
    }
  }
}

/// at = queries [B, width], table [rows, width], codes, measures, allowed bits, rows out [B, k], scores out [B, k];
/// n = rows, width, first query, queries, k, whether there are codes, whether only allowed rows count;
/// x = largest norm.
void scanTable(const Call& c) {
  const int64_t rows = c.n[0], first = c.n[2];
  const int width = c.n[1], count = c.n[3], k = c.n[4];
  const Scan scan{c.in(0) + first * width, c.in(1), c.n[6] != 0 ? static_cast<const uint8_t*>(c.at[4]) : nullptr, rows,
                  width, count};
  Best best(scan, count, k, rows);
  void* scratch = std::malloc(sizeof(float) * (width + 3) * PANEL);
  if (scratch == nullptr) complain("search: not enough memory for queries of width %d", width);
  if (best.ready() && scratch != nullptr) {
#if GYM_LANES == 16
    if (c.n[5] != 0 && dotsOfBytes()) {
      const Codes codes{static_cast<const uint8_t*>(c.at[2]), static_cast<const Measure*>(c.at[3])};
      CodedPanel panel;
      panel.words = static_cast<uint32_t*>(scratch);
      encodePanel(scan.queries, count, width, &panel);
      best.eachPiece(piecesOf(rows), [&](Best::Desk& desk, int64_t piece) {
        scanCodes(scan, codes, panel, desk, piece);
      });
    } else
#endif
    {
      FloatPanel panel;
      panel.columns = static_cast<float*>(scratch);
      fillPanel(scan, c.x[0], &panel);
      best.eachPiece(piecesOf(rows), [&](Best::Desk& desk, int64_t piece) {
        scanFloats(scan, panel, desk, piece);
      });
    }
    best.write(static_cast<int32_t*>(c.at[5]) + first * k, c.out(6) + first * k);
  }
  std::free(scratch);
}

/// at = queries [B, width], table [rows, width], list of rows, rows out [B, k], scores out [B, k];
/// n = length of the list, width, first query, queries, k. Scores every row of the list.
void scanListed(const Call& c) {
  const int64_t first = c.n[2];
  const int width = c.n[1], count = c.n[3], k = c.n[4];
  const Scan scan{c.in(0) + first * width, c.in(1), nullptr, 0, width, count};
  Best best(scan, count, k, c.n[0]);
  if (!best.ready()) return;
  best.eachListed(c.ids(2), c.n[0]);
  best.write(static_cast<int32_t*>(c.at[3]) + first * k, c.out(4) + first * k);
}

/// at = table, out (1 number); n = rows, width. Reads a table as fast as memory allows, to compare with.
void readMemory(const Call& c) {
  constexpr int W = 8;
  constexpr int64_t STRETCH = 65536;
  const float* table = c.in(0);
  float* out = c.out(1);
  forEach(static_cast<int64_t>(c.n[0]) * c.n[1], STRETCH, [&](int64_t from, int64_t to) {
    V total[W] = {};
    for (int64_t i = from; i + W * L <= to; i += W * L)
      for (int w = 0; w < W; w++) total[w] += load(table + i + w * L);
    for (int w = 1; w < W; w++) total[0] += total[w];
    const uint32_t bits = toBits(sum(total[0]));
    __atomic_store_n(reinterpret_cast<uint32_t*>(out), bits, __ATOMIC_RELAXED);
  });
}

/// at = out (1 whole number): 1 where byte codes are of use, else 0.
void usesCodes(const Call& c) { static_cast<int32_t*>(c.at[0])[0] = dotsOfBytes() ? 1 : 0; }

}  // namespace
}  // namespace GYM_ISA
}  // namespace gym

using namespace gym::GYM_ISA;
GYM_KERNELS(scan, {"scanTable", scanTable}, {"scanListed", scanListed}, {"scanEncode", encodeRows},
            {"scanUsesCodes", usesCodes}, {"readMemory", readMemory})
