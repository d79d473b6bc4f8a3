// The recurrence of a gated recurrent unit (Cho et al. 2014) in PyTorch's form, over whole sequences, and its gradient
// (backpropagation through time). The inputs are multiplied by their weights beforehand, all steps at once.
//
// Rows of the batch do not meet: they are worked on in runs of a fixed number of rows, each from the first step to the
// last (or back).
#include "matmul.h"

namespace gym {
namespace GYM_ISA {
namespace {

/// Multiplications from which runs are spread over threads.
constexpr int64_t THREADED = 1 << 21;
/// Rows that are added up before they join the sum of a column.
constexpr int64_t ADDED = 256;

struct Sizes {
  int64_t batch, steps, width, run;
  const int32_t* lengths;  // [B] or null

  Sizes(const Call& c, const int32_t* given)
      : batch(c.n[0]), steps(c.n[1]), width(c.n[2]), run(c.n[3]), lengths(c.n[4] ? given : nullptr) {}

  bool ended(int64_t b, int64_t t) const { return lengths != nullptr && t >= lengths[b]; }

  /// Whether every length lies in [0, steps]; complains otherwise.
  bool sound() const {
    for (int64_t b = 0; lengths != nullptr && b < batch; b++) {
      if (lengths[b] >= 0 && lengths[b] <= steps) continue;
      complain("GRU: expected lengths from 0 to %d, received %d in row %d", static_cast<int>(steps), lengths[b],
               static_cast<int>(b));
      return false;
    }
    return true;
  }

  /// f(run, first row, row behind the last) for every run.
  template <class F>
  void eachRun(const F& f) const {
    const int64_t runs = (batch + run - 1) / run;
    const bool splits = batch * steps * width * width * 3 >= THREADED;
    forEach(runs, splits ? 1 : runs, [&](int64_t from, int64_t to) {
      for (int64_t r = from; r < to; r++) f(r, r * run, least((r + 1) * run, batch));
    });
  }
};

/// The states before step t of rows b … : the initial ones, or those of the step before.
Matrix before(const Sizes& s, const float* initial, const float* states, int64_t b, int64_t t) {
  if (t == 0) return Matrix{initial + b * s.width, s.width, 1};
  return Matrix{states + (b * s.steps + t - 1) * s.width, s.steps * s.width, 1};
}

/// One row, one step. x and u are the parts of input and state, [3·width] as r | z | n; keeps r | z | n | u_n.
void gates(int64_t width, const float* x, const float* u, const float* h, float* out, float* kept) {
  lanes(width, [&](int64_t i, int count) {
    const int64_t zAt = width + i, nAt = 2 * width + i;
    const V r = sigmoid(get(x + i, count) + get(u + i, count)), z = sigmoid(get(x + zAt, count) + get(u + zAt, count));
    const V un = get(u + nAt, count), n = tanh(get(x + nAt, count) + r * un);
    put(out + i, n + z * (get(h + i, count) - n), count);
    put(kept + i, r, count);
    put(kept + zAt, z, count);
    put(kept + nAt, n, count);
    put(kept + 3 * width + i, un, count);
  });
}

/// at = x·W + b [B, T, 3H] (r | z | n), recurrent [H, 3H], recurrent bias [3H], initial [B, H], lengths (int32), states
/// [B, T, H], gates [B, T, 4H] (r | z | n | u_n), scratch [runs, run, 3H];  n = B, T, H, rows of a run, has lengths?
///   u = h·U + c     r = σ(x_r + u_r)     z = σ(x_z + u_z)     n = tanh(x_n + r∘u_n)     h' = (1 − z)∘n + z∘h
/// Past a row's length the state stays.
void gru(const Call& c) {
  const Sizes s(c, c.ids(4));
  if (!s.sound()) return;
  const float *x = c.in(0), *initial = c.in(3);
  float *states = c.out(5), *kept = c.out(6);
  const int64_t H = s.width;
  Finish withBias;
  withBias.bias = c.in(2);
  s.eachRun([&](int64_t run, int64_t from, int64_t to) {
    float* u = c.out(7) + run * s.run * 3 * H;
    for (int64_t t = 0; t < s.steps; t++) {
      const Matrix last = before(s, initial, states, from, t);
      multiply(to - from, 3 * H, H, last, Matrix{c.in(1), 3 * H, 1}, u, 3 * H, withBias);
      for (int64_t b = from; b < to; b++) {
        const int64_t at = b * s.steps + t;
        const float* h = last.at + (b - from) * last.rows;
        if (!s.ended(b, t)) {
          gates(H, x + at * 3 * H, u + (b - from) * 3 * H, h, states + at * H, kept + at * 4 * H);
        } else {
          std::memcpy(states + at * H, h, sizeof(float) * H);
          std::memset(kept + at * 4 * H, 0, sizeof(float) * 4 * H);
        }
      }
    }
  });
}

/// One row, one step back. `slope` comes as that of the state behind the step and leaves as its part that goes straight
/// to the state before; dx and du are [3·width].
void throughGates(int64_t width, const float* kept, const float* h, float* slope, float* dx, float* du) {
  lanes(width, [&](int64_t i, int count) {
    const int64_t zAt = width + i, nAt = 2 * width + i;
    const V r = get(kept + i, count), z = get(kept + zAt, count), n = get(kept + nAt, count);
    const V d = get(slope + i, count), dn = d * (1.0f - z) * (1.0f - n * n);
    const V dr = dn * get(kept + 3 * width + i, count) * r * (1.0f - r), dz = d * (get(h + i, count) - n) * z * (1.0f - z);
    put(slope + i, d * z, count);
    put(dx + i, dr, count);
    put(du + i, dr, count);
    put(dx + zAt, dz, count);
    put(du + zAt, dz, count);
    put(dx + nAt, dn, count);
    put(du + nAt, dn * r, count);
  });
}

/// out[j] = Σ_rows in[row][j]
void sumRows(int64_t rows, int64_t width, const float* in, float* out) {
  lanes(width, [&](int64_t j, int count) {
    V total = {};
    for (int64_t from = 0; from < rows; from += ADDED) {
      V part = {};
      for (int64_t r = from; r < least(from + ADDED, rows); r++) part += get(in + r * width + j, count);
      total += part;
    }
    put(out + j, total, count);
  });
}

/// at = dy [B, T, H], gates, states, initial, recurrent, lengths (int32), dx [B, T, 3H], drecurrent [H, 3H], dbias [3H],
/// dinitial [B, H], then scratch: recurrentᵀ [3H, H], du [B, T, 3H], states before [B, T, H];  n as in gru.
void gruGradient(const Call& c) {
  const Sizes s(c, c.ids(5));
  if (!s.sound()) return;
  const int64_t H = s.width;
  const float *dy = c.in(0), *kept = c.in(1), *states = c.in(2), *initial = c.in(3), *recurrent = c.in(4);
  float *dx = c.out(6), *carried = c.out(9), *turned = c.out(10), *du = c.out(11), *previous = c.out(12);
  for (int64_t j = 0; j < 3 * H; j++)
    for (int64_t i = 0; i < H; i++) turned[j * H + i] = recurrent[i * 3 * H + j];
  Finish added;
  added.accumulate = true;
  s.eachRun([&](int64_t, int64_t from, int64_t to) {
    std::memset(carried + from * H, 0, sizeof(float) * (to - from) * H);
    for (int64_t t = s.steps - 1; t >= 0; t--) {
      const Matrix last = before(s, initial, states, from, t);
      for (int64_t b = from; b < to; b++) {
        const int64_t at = b * s.steps + t;
        const float* h = last.at + (b - from) * last.rows;
        float* slope = carried + b * H;
        lanes(H, [&](int64_t i, int count) { put(slope + i, get(slope + i, count) + get(dy + at * H + i, count), count); });
        std::memcpy(previous + at * H, h, sizeof(float) * H);
        if (!s.ended(b, t)) {
          throughGates(H, kept + at * 4 * H, h, slope, dx + at * 3 * H, du + at * 3 * H);
        } else {
          std::memset(dx + at * 3 * H, 0, sizeof(float) * 3 * H);
          std::memset(du + at * 3 * H, 0, sizeof(float) * 3 * H);
        }
      }
      const Matrix slopes{du + (from * s.steps + t) * 3 * H, s.steps * 3 * H, 1};
      multiply(to - from, H, 3 * H, slopes, Matrix{turned, H, 1}, carried + from * H, H, added);
    }
  });
  const int64_t places = s.batch * s.steps;
  multiply(H, 3 * H, places, Matrix{previous, 1, H}, Matrix{du, 3 * H, 1}, c.out(7), 3 * H, {});
  sumRows(places, 3 * H, du, c.out(8));
}

}  // namespace
}  // namespace GYM_ISA
}  // namespace gym

using namespace gym::GYM_ISA;
GYM_KERNELS(gru, {"gru", gru}, {"gruGradient", gruGradient})
