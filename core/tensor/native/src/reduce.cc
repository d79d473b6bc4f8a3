// Reductions over the middle axis of [outer, reduced, inner].
//
//   at = in, out; n = outer, reduced, inner. argmax and argmin write int32; ties go to the lower index.
//
// Long sums are taken in runs of a fixed length, so that they neither lose small terms nor depend on the threads.
#include "group.h"

namespace gym {
namespace GYM_ISA {
namespace {

constexpr int64_t RUN = 4096;
constexpr int64_t GRAIN = 32768;

struct Add {
  static constexpr float start = 0;
  static V join(V a, V b) { return a + b; }
  static double fold(double a, double b) { return a + b; }
};
struct Times {
  static constexpr float start = 1;
  static V join(V a, V b) { return a * b; }
  static double fold(double a, double b) { return a * b; }
};
struct Greatest {
  static constexpr float start = -__builtin_inff();
  static V join(V a, V b) { return max(a, b); }
  static double fold(double a, double b) { return a > b || a != a ? a : b; }
};
struct Smallest {
  static constexpr float start = __builtin_inff();
  static V join(V a, V b) { return min(a, b); }
  static double fold(double a, double b) { return a < b || a != a ? a : b; }
};

/// One run of at most RUN numbers.
template <class F>
double overRun(const float* x, int64_t count) {
  V a = splat(F::start), b = a, c = a, d = a;
  int64_t i = 0;
  for (; i + 4 * L <= count; i += 4 * L) {
    a = F::join(a, load(x + i));
    b = F::join(b, load(x + i + L));
    c = F::join(c, load(x + i + 2 * L));
    d = F::join(d, load(x + i + 3 * L));
  }
  for (; i + L <= count; i += L) a = F::join(a, load(x + i));
  a = F::join(F::join(a, b), F::join(c, d));
  double total = a[0];
  for (int lane = 1; lane < L; lane++) total = F::fold(total, a[lane]);
  for (; i < count; i++) total = F::fold(total, x[i]);
  return total;
}

template <class F>
double overRow(const float* x, int64_t count) {
  double total = F::start;
  for (int64_t i = 0; i < count; i += RUN) total = F::fold(total, overRun<F>(x + i, least(RUN, count - i)));
  return total;
}

/// All numbers into one: pieces of a size that depends on the count alone, folded in order.
template <class F>
double overAll(const float* x, int64_t count) {
  constexpr int MOST = 512;
  double part[MOST];
  int64_t piece = 4 * RUN;
  while (piece * MOST < count) piece *= 2;
  const int64_t pieces = (count + piece - 1) / piece;
  forEach(pieces, 4, [&](int64_t from, int64_t to) {
    for (int64_t p = from; p < to; p++) part[p] = overRow<F>(x + p * piece, least(piece, count - p * piece));
  });
  double total = F::start;
  for (int64_t p = 0; p < pieces; p++) total = F::fold(total, part[p]);
  return total;
}

template <class F>
void reduce(const Call& c, double scale) {
  const int64_t outer = c.n[0], reduced = c.n[1], inner = c.n[2];
  const float* in = c.in(0);
  float* out = c.out(1);
  if (inner == 1) {
    if (outer == 1) {
      out[0] = static_cast<float>(overAll<F>(in, reduced) * scale);
      return;
    }
    forEach(outer, 1 + GRAIN / (reduced + 1), [&](int64_t from, int64_t to) {
      for (int64_t r = from; r < to; r++) out[r] = static_cast<float>(overRow<F>(in + r * reduced, reduced) * scale);
    });
    return;
  }
  // Columns side by side: vectors of columns walk down the reduced axis, in runs of 32.
  const int64_t blocks = (inner + L - 1) / L;
  forEach(outer * blocks, 1 + GRAIN / (reduced * L + 1), [&](int64_t from, int64_t to) {
    for (int64_t b = from; b < to; b++) {
      const int64_t o = b / blocks, j = (b % blocks) * L;
      const int count = static_cast<int>(least(L, inner - j));
      const float* x = in + o * reduced * inner + j;
      V total = splat(F::start);
      for (int64_t r0 = 0; r0 < reduced; r0 += 32) {
        V run = splat(F::start);
        for (int64_t r = r0; r < least(r0 + 32, reduced); r++)
          run = F::join(run, count == L ? load(x + r * inner) : loadPart(x + r * inner, count));
        total = F::join(total, run);
      }
      storePart(out + o * inner + j, total * static_cast<float>(scale), count);
    }
  });
}

void total(const Call& c) { reduce<Add>(c, 1); }
void mean(const Call& c) { reduce<Add>(c, 1.0 / c.n[1]); }
void product(const Call& c) { reduce<Times>(c, 1); }
void highest(const Call& c) { reduce<Greatest>(c, 1); }
void lowest(const Call& c) { reduce<Smallest>(c, 1); }

template <bool MAX>
void argument(const Call& c) {
  const int64_t outer = c.n[0], reduced = c.n[1], inner = c.n[2];
  const float* in = c.in(0);
  int32_t* out = static_cast<int32_t*>(c.at[1]);
  forEach(outer * inner, 1 + GRAIN / (reduced + 1), [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i++) {
      const float* x = in + i / inner * reduced * inner + i % inner;
      int32_t best = 0;
      for (int64_t r = 1; r < reduced; r++)
        if (MAX ? x[r * inner] > x[best * inner] : x[r * inner] < x[best * inner]) best = static_cast<int32_t>(r);
      out[i] = best;
    }
  });
}

}  // namespace
}  // namespace GYM_ISA
}  // namespace gym

using namespace gym::GYM_ISA;
GYM_KERNELS(reduce, {"sum", total}, {"mean", mean}, {"prod", product}, {"max", highest}, {"min", lowest},
            {"argmax", argument<true>}, {"argmin", argument<false>})
