// Optimisers: one kernel moves all parameters of a model.
//
// Numbers that change from step to step come in `rates` (float64), set by JavaScript before the step:
//   0 learning rate   1 largest gradient norm (∞: no clipping)   2 and 3: the optimiser's own
// `squares` (float64) holds parts of the squared gradient norm, one per kind of parameter; the norm is the root of their
// sum. Where the norm or the loss is not finite nothing is moved: the caller sees the same numbers and says so.
#include "group.h"

namespace gym {
namespace GYM_ISA {
namespace {

constexpr int64_t GRAIN = 65536;
constexpr int64_t PIECE = 16384;

/// Σ x² of one piece, in two float64 sums.
double squaresOf(const float* x, int64_t count) {
  double a = 0;
  V s = {};
  int64_t i = 0, run = 0;
  for (; i + L <= count; i += L) {
    const V v = load(x + i);
    s += v * v;
    if (++run == 64) {
      a += sum(s);
      s = V{};
      run = 0;
    }
  }
  a += sum(s);
  for (; i < count; i++) a += static_cast<double>(x[i]) * x[i];
  return a;
}

/// at = gradient, squares; n = count, place in squares.
void squares(const Call& c) {
  constexpr int MOST = 1024;
  double part[MOST];
  int64_t piece = PIECE;
  while (piece * MOST < c.n[0]) piece *= 2;
  const int64_t pieces = (c.n[0] + piece - 1) / piece;
  forEach(pieces, 8, [&](int64_t from, int64_t to) {
    for (int64_t p = from; p < to; p++) part[p] = squaresOf(c.in(0) + p * piece, least(piece, c.n[0] - p * piece));
  });
  double total = 0;
  for (int64_t p = 0; p < pieces; p++) total += part[p];
  static_cast<double*>(c.at[1])[c.n[1]] = total;
}

/// The factor that clips the gradient, or a negative number where the step must not be taken.
double clipping(const double* parts, int count, const double* rates, const float* loss) {
  double total = 0;
  for (int i = 0; i < count; i++) total += parts[i];
  const double norm = __builtin_sqrt(total);
  if (!__builtin_isfinite(norm) || !__builtin_isfinite(loss[0])) return -1;
  return norm > rates[1] ? rates[1] / norm : 1;
}

/// Runs f(i, count) over vectors of the parameters.
template <class F>
void vectors(int64_t count, const F& f) {
  forEach(count, GRAIN, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i += L) f(i, static_cast<int>(least(L, to - i)));
  });
}

/// at = values, gradient, mean, square, rates, squares, loss; n = count, parts; x = β₁, β₂, ε, weight decay.
/// rates[2] = 1 − β₁ᵗ, rates[3] = √(1 − β₂ᵗ).
void adam(const Call& c) {
  const auto* rates = static_cast<const double*>(c.at[4]);
  const double clip = clipping(static_cast<const double*>(c.at[5]), c.n[1], rates, c.in(6));
  if (clip < 0) return;
  float *values = c.out(0), *mean = c.out(2), *square = c.out(3);
  const float* gradient = c.in(1);
  const float b1 = c.x[0], b2 = c.x[1], rest1 = 1 - c.x[0], rest2 = 1 - c.x[1], epsilon = c.x[2], scale = clip;
  const float rate = rates[0] / rates[2], inverse = 1 / rates[3], decay = rates[0] * c.x[3];
  vectors(c.n[0], [&](int64_t i, int n) {
    const V g = get(gradient + i, n) * scale;
    const V m = get(mean + i, n) * b1 + g * rest1;
    const V v = get(square + i, n) * b2 + g * g * rest2;
    put(mean + i, m, n);
    put(square + i, v, n);
    const V w = get(values + i, n);
    put(values + i, w - m * rate / (sqrt(v) * inverse + epsilon) - w * decay, n);
  });
}

/// at = values, gradient, velocity, rates, squares, loss; n = count, parts; x = momentum, weight decay.
/// velocity ← momentum·velocity + g; values ← values − rate·(velocity + decay·values).
void sgd(const Call& c) {
  const auto* rates = static_cast<const double*>(c.at[3]);
  const double clip = clipping(static_cast<const double*>(c.at[4]), c.n[1], rates, c.in(5));
  if (clip < 0) return;
  float *values = c.out(0), *velocity = c.out(2);
  const float* gradient = c.in(1);
  const float momentum = c.x[0], scale = clip, rate = rates[0], decay = rates[0] * c.x[1];
  vectors(c.n[0], [&](int64_t i, int n) {
    V g = get(gradient + i, n) * scale;
    if (momentum != 0) {
      g = get(velocity + i, n) * momentum + g;
      put(velocity + i, g, n);
    }
    const V w = get(values + i, n);
    put(values + i, w - g * rate - w * decay, n);
  });
}

/// at = in, out; n = count.
void copyFlat(const Call& c) { std::memcpy(c.at[1], c.at[0], c.n[0] * sizeof(float)); }

}  // namespace
}  // namespace GYM_ISA
}  // namespace gym

using namespace gym::GYM_ISA;
GYM_KERNELS(optimise, {"squares", squares}, {"adam", adam}, {"sgd", sgd}, {"copyFlat", copyFlat})
