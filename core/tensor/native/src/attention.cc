// Scaled dot-product attention of several heads (Vaswani et al. 2017), and its gradient.
//
// Queries, keys and values are rows of heads · width numbers somewhere inside longer rows: `Rows` says where. The packed
// form (q | k | v side by side) is three such views of one array. A head at a time:
//
//   S = scale·Q·Kᵀ     P = softmax of each row of S over the keys that it may see     Y = P·V
//   dV = Pᵀ·dY     dP = dY·Vᵀ     dS = scale·P∘(dP − Σ_keys dP∘P)     dQ = dS·K     dK = dSᵀ·Q
//
// P is kept for the way back as [B, H, Tq, stride], its rows filled with zeros up to a multiple of 16 numbers. Whatever
// lies beyond the last key that a block of queries may see is neither computed nor read.
#include "matmul.h"

namespace gym {
namespace GYM_ISA {
namespace {

/// Queries of a block: a causal block computes up to its last query's keys, so small ones waste less.
constexpr int64_t BLOCK = 12;
/// With fewer queries Kᵀ is not worth being written out.
constexpr int64_t FEW = 6;
/// Multiplications from which heads are spread over threads.
constexpr int64_t THREADED = 1 << 21;

int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }
int64_t upTo(int64_t n, int64_t size) { return (n + size - 1) / size * size; }

/// Rows of one operand: row (b, t) starts at at + (b·length + t)·stride.
struct Rows {
  float* at;
  int64_t length, stride;
  float* row(int64_t b, int64_t t) const { return at + (b * length + t) * stride; }
};

struct Sizes {
  int64_t batch, heads, queries, keys, width, stride;
  bool causal;
  float scale;
  const int32_t* lengths;  // [B] or null
  const int32_t* past;     // [B] or null: keys that row b had before those of its queries were written behind them
  /// Keys that exist for row b.
  int64_t known(int64_t b) const { return lengths == nullptr ? keys : lengths[b]; }
  /// Keys that query i of row b sees: the last query is aligned with the last key.
  int64_t seen(int64_t b, int64_t i) const {
    if (past != nullptr) return past[b] + i + 1;
    return causal ? most(0, least(known(b), i + 1 + keys - queries)) : known(b);
  }
};

/// Whether every length lies in [0, keys]; complains otherwise.
bool sound(const Sizes& s) {
  if (s.lengths == nullptr) return true;
  for (int64_t b = 0; b < s.batch; b++) {
    if (s.lengths[b] >= 0 && s.lengths[b] <= s.keys) continue;
    complain("attention: expected lengths from 0 to %d, received %d in row %d", static_cast<int>(s.keys), s.lengths[b],
             static_cast<int>(b));
    return false;
  }
  return true;
}

typedef float Four __attribute__((vector_size(16)));
typedef float FourU __attribute__((vector_size(16), aligned(4), may_alias));
#if defined(__clang__)
#define GYM_MIX(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#else
typedef int32_t FourI __attribute__((vector_size(16)));
#define GYM_MIX(a, b, i, j, k, l) __builtin_shuffle(a, b, FourI{i, j, k, l})
#endif

/// Four rows from j on, turned into columns; rows from `count` on are zeros.
template <bool WHOLE>
GYM_INLINE void transposeFour(const float* rows, int64_t step, int64_t j, int64_t count, int64_t width, float* out,
                              int64_t stride) {
  const float* from[4];
  for (int i = 0; i < 4; i++) from[i] = WHOLE || j + i < count ? rows + (j + i) * step : nullptr;
  out += j;
  int64_t k = 0;
  for (; k + 4 <= width; k += 4, out += 4 * stride) {
    Four r[4];
    for (int i = 0; i < 4; i++) r[i] = WHOLE || from[i] ? *reinterpret_cast<const FourU*>(from[i] + k) : Four{};
    const Four a = GYM_MIX(r[0], r[1], 0, 4, 1, 5), b = GYM_MIX(r[2], r[3], 0, 4, 1, 5);
    const Four c = GYM_MIX(r[0], r[1], 2, 6, 3, 7), d = GYM_MIX(r[2], r[3], 2, 6, 3, 7);
    *reinterpret_cast<FourU*>(out) = GYM_MIX(a, b, 0, 1, 4, 5);
    *reinterpret_cast<FourU*>(out + stride) = GYM_MIX(a, b, 2, 3, 6, 7);
    *reinterpret_cast<FourU*>(out + 2 * stride) = GYM_MIX(c, d, 0, 1, 4, 5);
    *reinterpret_cast<FourU*>(out + 3 * stride) = GYM_MIX(c, d, 2, 3, 6, 7);
  }
  for (; k < width; k++, out += stride)
    for (int i = 0; i < 4; i++) out[i] = WHOLE || from[i] ? from[i][k] : 0.0f;
}

/// out[d][j] = rows[j][d] for j < count, zeros up to a multiple of L and of 4.
void transpose(const float* rows, int64_t step, int64_t count, int64_t width, float* out, int64_t stride) {
  int64_t j = 0;
  for (; j + 4 <= count; j += 4) transposeFour<true>(rows, step, j, count, width, out, stride);
  for (; j < upTo(count, L < 4 ? 4 : L); j += 4) transposeFour<false>(rows, step, j, count, width, out, stride);
}

/// Softmax of scale·row over its first `seen` numbers, zeros behind them. `stride` is a multiple of L.
void softmax(float* row, int64_t seen, int64_t stride, float scale) {
  const V none = splat(-__builtin_inff());
  const int64_t whole = seen / L * L, end = upTo(seen, L);
  const VI inside = counting() < splati(static_cast<int32_t>(seen - whole));
  V top = none;
  for (int64_t j = 0; j < whole; j += L) {
    const V v = load(row + j) * scale;
    top = pick(v > top, v, top);
  }
  if (whole < end) {
    const V v = pick(inside, load(row + whole) * scale, none);
    top = pick(v > top, v, top);
  }
  const float high = greatest(top);
  V total = {};
  for (int64_t j = 0; j < whole; j += L) {
    const V e = exp(load(row + j) * scale - high);
    total += e;
    store(row + j, e);
  }
  if (whole < end) {
    const V e = pick(inside, exp(load(row + whole) * scale - high), V{});
    total += e;
    store(row + whole, e);
  }
  const float share = seen > 0 ? 1.0f / sum(total) : 0.0f;
  for (int64_t j = 0; j < end; j += L) store(row + j, load(row + j) * share);
  for (int64_t j = end; j < stride; j += L) store(row + j, V{});
}

/// Where queries, keys and values lie, and what comes out: values, or their slopes.
struct Views {
  Rows q, k, v, y;
};

/// One head of one row of the batch. `turned` is [width, stride], scratch.
void headForward(const Sizes& s, int64_t b, int64_t h, const Views& of, float* chances, float* turned) {
  const int64_t at = h * s.width;
  const float *keys = of.k.row(b, 0) + at, *values = of.v.row(b, 0) + at;
  const bool few = s.queries < FEW;
  if (!few) transpose(keys, of.k.stride, s.seen(b, s.queries - 1), s.width, turned, s.stride);
  for (int64_t i = 0; i < s.queries; i += BLOCK) {
    const int64_t rows = least(BLOCK, s.queries - i), seen = s.seen(b, i + rows - 1);
    const Matrix queries{of.q.row(b, i) + at, of.q.stride, 1};
    float* p = chances + i * s.stride;
    if (few)
      multiply(rows, seen, s.width, queries, Matrix{keys, 1, of.k.stride}, p, s.stride, {});
    else
      multiply(rows, upTo(seen, L), s.width, queries, Matrix{turned, s.stride, 1}, p, s.stride, {});
    for (int64_t r = 0; r < rows; r++) softmax(p + r * s.stride, s.seen(b, i + r), s.stride, s.scale);
    multiply(rows, s.width, seen, Matrix{p, s.stride, 1}, Matrix{values, of.v.stride, 1}, of.y.row(b, i) + at,
             of.y.stride, {});
  }
}

/// dp becomes dS = scale·P∘(dP − Σ dP∘P), with zeros behind the first `seen` numbers.
void throughSoftmax(const float* p, float* dp, int64_t seen, int64_t stride, float scale) {
  const int64_t end = upTo(seen, L);
  V total = {};
  for (int64_t j = 0; j < end; j += L) total += load(p + j) * load(dp + j);
  const float back = sum(total);
  for (int64_t j = 0; j < end; j += L) store(dp + j, load(p + j) * (load(dp + j) - back) * scale);
  for (int64_t j = end; j < stride; j += L) store(dp + j, V{});
}

/// `y` of the views is dy; the slopes of q, k and v go to `out`. `turned` is [width, stride] and `slopes` [Tq, stride],
/// both scratch.
void headGradient(const Sizes& s, int64_t b, int64_t h, const Views& of, const Views& out, const float* chances,
                  float* turned, float* slopes) {
  const int64_t at = h * s.width, ahead = s.keys - s.queries;
  const float *queries = of.q.row(b, 0) + at, *keys = of.k.row(b, 0) + at, *dy = of.y.row(b, 0) + at;
  transpose(of.v.row(b, 0) + at, of.v.stride, s.seen(b, s.queries - 1), s.width, turned, s.stride);
  for (int64_t i = 0; i < s.queries; i += BLOCK) {
    const int64_t rows = least(BLOCK, s.queries - i), seen = s.seen(b, i + rows - 1);
    float* slope = slopes + i * s.stride;
    multiply(rows, upTo(seen, L), s.width, Matrix{dy + i * of.y.stride, of.y.stride, 1}, Matrix{turned, s.stride, 1},
             slope, s.stride, {});
    for (int64_t r = 0; r < rows; r++)
      throughSoftmax(chances + (i + r) * s.stride, slope + r * s.stride, s.seen(b, i + r), s.stride, s.scale);
    multiply(rows, s.width, seen, Matrix{slope, s.stride, 1}, Matrix{keys, of.k.stride, 1}, out.q.row(b, i) + at,
             out.q.stride, {});
  }
  const int64_t block = s.causal ? BLOCK : s.keys;
  for (int64_t j = 0; j < s.keys; j += block) {
    // Queries before `start` see none of these keys.
    const int64_t rows = least(block, s.keys - j), start = s.causal ? least(s.queries, most(0, j - ahead)) : 0;
    const int64_t depth = j < s.seen(b, s.queries - 1) ? s.queries - start : 0;
    const float *p = chances + start * s.stride + j, *slope = slopes + start * s.stride + j;
    multiply(rows, s.width, depth, Matrix{p, 1, s.stride}, Matrix{dy + start * of.y.stride, of.y.stride, 1},
             out.v.row(b, j) + at, out.v.stride, {});
    multiply(rows, s.width, depth, Matrix{slope, 1, s.stride}, Matrix{queries + start * of.q.stride, of.q.stride, 1},
             out.k.row(b, j) + at, out.k.stride, {});
  }
}

/// Heads in runs, each with scratch memory of its own; one thread does them all when there is little to do.
template <class F>
void eachHead(const Sizes& s, int64_t runs, const F& f) {
  const int64_t heads = s.batch * s.heads, run = (heads + runs - 1) / (runs > 0 ? runs : 1);
  const bool splits = heads * s.queries * s.keys * s.width >= THREADED;
  forEach(runs, splits ? 1 : runs, [&](int64_t from, int64_t to) {
    for (int64_t r = from; r < to; r++)
      for (int64_t i = r * run; i < least(heads, (r + 1) * run); i++) f(r, i, i / s.heads, i % s.heads);
  });
}

Sizes sizesOf(const Call& c, const int32_t* lengths) {
  const int32_t* n = c.n;
  return Sizes{n[0], n[1], n[2], n[3], n[4], n[5], n[6] != 0, static_cast<float>(c.x[0]), n[7] ? lengths : nullptr,
               nullptr};
}

Rows rowsOf(void* at, int64_t length, const int32_t* place) {
  return Rows{static_cast<float*>(at) + place[1], length, place[0]};
}

/// Three operands from `at` on, lying as `places` says, and y.
Views viewsOf(void* const* at, const Sizes& s, const int32_t* places, void* y) {
  return Views{rowsOf(at[0], s.queries, places), rowsOf(at[1], s.keys, places + 2), rowsOf(at[2], s.keys, places + 4),
               Rows{static_cast<float*>(y), s.queries, s.heads * s.width}};
}

/// at = q, k, v, lengths (int32), y, P [B, H, Tq, stride], scratch [runs, width·stride];
/// n = B, H, Tq, Tk, width, stride, causal?, has lengths?, runs, then (row stride, column) of q, k, v; x = scale.
/// y is [B, Tq, H·width].
void attention(const Call& c) {
  const Sizes s = sizesOf(c, c.ids(3));
  if (!sound(s)) return;
  const Views of = viewsOf(c.at, s, c.n + 9, c.at[4]);
  eachHead(s, c.n[8], [&](int64_t run, int64_t i, int64_t b, int64_t h) {
    headForward(s, b, h, of, c.out(5) + i * s.queries * s.stride, c.out(6) + run * s.width * s.stride);
  });
}

/// at = q, k, v, lengths (int32), P, dy, dq, dk, dv, scratch [runs, (width + Tq)·stride]; n and x as above. dq, dk and dv
/// lie like q, k and v.
void attentionGradient(const Call& c) {
  const Sizes s = sizesOf(c, c.ids(3));
  if (!sound(s)) return;
  const Views of = viewsOf(c.at, s, c.n + 9, c.at[5]), out = viewsOf(c.at + 6, s, c.n + 9, c.at[5]);
  eachHead(s, c.n[8], [&](int64_t run, int64_t i, int64_t b, int64_t h) {
    float* scratch = c.out(9) + run * (s.width + s.queries) * s.stride;
    headGradient(s, b, h, of, out, c.in(4) + i * s.queries * s.stride, scratch, scratch + s.width * s.stride);
  });
}

/// at = qkv [B, n, 3D], positions [B] (int32), then both read and written, so given twice: keys and values
/// [B, capacity, D]; then y [B, n, D], P (scratch, [B, H, n, stride]), scratch [runs, width·stride];
/// n = B, H, n, capacity, width, stride, runs; x = scale.
/// Writes the keys and values of row b at positions[b] …; each query sees them up to its own place.
void attentionCached(const Call& c) {
  const int32_t *n = c.n, *positions = c.ids(1);
  const Sizes s{n[0], n[1], n[2], n[3], n[4], n[5], true, static_cast<float>(c.x[0]), nullptr, positions};
  for (int64_t b = 0; b < s.batch; b++) {
    if (positions[b] >= 0 && positions[b] + s.queries <= s.keys) continue;
    complain("attention cache: expected room for %d more places (capacity %d), received %d in row %d",
             static_cast<int>(s.queries), static_cast<int>(s.keys), positions[b], static_cast<int>(b));
    return;
  }
  const int64_t D = s.heads * s.width;
  const Views of{Rows{static_cast<float*>(c.at[0]), s.queries, 3 * D}, Rows{c.out(4), s.keys, D},
                 Rows{c.out(5), s.keys, D}, Rows{c.out(6), s.queries, D}};
  eachHead(s, n[6], [&](int64_t run, int64_t i, int64_t b, int64_t h) {
    const int64_t at = h * s.width;
    for (int64_t t = 0; t < s.queries; t++) {
      const float* from = of.q.row(b, t) + at;
      std::memcpy(of.k.row(b, positions[b] + t) + at, from + D, sizeof(float) * s.width);
      std::memcpy(of.v.row(b, positions[b] + t) + at, from + 2 * D, sizeof(float) * s.width);
    }
    Sizes own = s;  // shorter rows of P while the cache is young
    own.stride = upTo(s.seen(b, s.queries - 1), 16);
    headForward(own, b, h, of, c.out(7) + i * s.queries * s.stride, c.out(8) + run * s.width * s.stride);
  });
}

}  // namespace
}  // namespace GYM_ISA
}  // namespace gym

using namespace gym::GYM_ISA;
GYM_KERNELS(attention, {"attention", attention}, {"attentionGradient", attentionGradient},
            {"attentionCached", attentionCached})
