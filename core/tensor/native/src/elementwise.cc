// Element-wise arithmetic.
//
//   one operand:   at = in, out;   n = count;   x = the function's constants
//   two operands:  at = a, b, out; n = rank, sizes[rank], strides of a[rank], strides of b[rank]; out is dense. Strides
//                  are in elements, 0 where broadcast; the last ones are 0 or 1.
#include "group.h"

namespace gym {
namespace GYM_ISA {
namespace {

/// Elements a thread takes at once: below it, starting threads costs more than it saves.
constexpr int64_t GRAIN = 32768;
constexpr int MOST_AXES = 8;

template <class F>
void each(const Call& c, const F& f) {
  const float* in = c.in(0);
  float* out = c.out(1);
  forEach(c.n[0], GRAIN, [&](int64_t from, int64_t to) {
    int64_t i = from;
    for (; i + L <= to; i += L) store(out + i, f(load(in + i)));
    if (i < to) storePart(out + i, f(loadPart(in + i, static_cast<int>(to - i))), static_cast<int>(to - i));
  });
}

#define UNARY(name, expression)                    \
  void name(const Call& c) {                       \
    const double* x = c.x;                         \
    (void)x;                                       \
    each(c, [&](V v) -> V { return (expression); }); \
  }

UNARY(negate, -v)
UNARY(absolute, abs(v))
UNARY(relu, max(v, V{}))
UNARY(relu6, min(max(v, V{}), splat(6.0f)))
UNARY(square, v* v)
UNARY(root, sqrt(v))
UNARY(inverseRoot, 1.0f / sqrt(v))
UNARY(reciprocal, 1.0f / v)
UNARY(exponential, exp(v))
UNARY(exponentialLess1, expm1(v))
UNARY(logarithm, log(v))
UNARY(logarithm1p, log1p(v))
UNARY(logistic, sigmoid(v))
UNARY(hyperbolicTangent, tanh(v))
UNARY(softplus, max(v, V{}) + log1p(exp(-abs(v))))
UNARY(elu, pick(v >= V{}, v, expm1(v)))
UNARY(selu, pick(v >= V{}, v * 1.0507009873554804f, expm1(v) * 1.7580993408473768f))
UNARY(leaky, pick(v < V{}, v* static_cast<float>(x[0]), v))
UNARY(step, pick(v > V{}, splat(1.0f), pick(v == v, splat(static_cast<float>(x[0])), v)))
UNARY(sign, pick(v > V{}, splat(1.0f), pick(v < V{}, splat(-1.0f), V{})))
UNARY(clip, pick(v > splat(static_cast<float>(x[1])), splat(static_cast<float>(x[1])),
                 pick(v < splat(static_cast<float>(x[0])), splat(static_cast<float>(x[0])), v)))

/// Walks the rows of a broadcast pair: row(a, b, out, length) is called with the places where each starts.
template <class Row>
void rows(const Call& c, size_t outBytes, const Row& row) {
  const int rank = c.n[0];
  const int32_t *size = c.n + 1, *sa = size + rank, *sb = sa + rank;
  if (rank == 0) {
    row(c.in(0), c.in(1), static_cast<char*>(c.at[2]), 0, 1);
    return;
  }
  const int inner = size[rank - 1];
  int64_t outer = 1;
  for (int k = 0; k < rank - 1; k++) outer *= size[k];
  if (outer == 1) {
    forEach(inner, GRAIN, [&](int64_t from, int64_t to) {
      row(c.in(0) + from * sa[rank - 1], c.in(1) + from * sb[rank - 1], static_cast<char*>(c.at[2]) + from * outBytes, 0,
          to - from);
    });
    return;
  }
  const int64_t grain = inner >= GRAIN ? 1 : (GRAIN + inner - 1) / (inner > 0 ? inner : 1);
  forEach(outer, grain, [&](int64_t from, int64_t to) {
    int32_t at[MOST_AXES] = {};
    int64_t rest = from, pa = 0, pb = 0;
    for (int k = rank - 2; k >= 0; k--) {
      at[k] = static_cast<int32_t>(rest % size[k]);
      rest /= size[k];
      pa += static_cast<int64_t>(at[k]) * sa[k];
      pb += static_cast<int64_t>(at[k]) * sb[k];
    }
    char* out = static_cast<char*>(c.at[2]) + from * inner * outBytes;
    for (int64_t r = from; r < to; r++, out += inner * outBytes) {
      row(c.in(0) + pa, c.in(1) + pb, out, 0, inner);
      for (int k = rank - 2; k >= 0; k--) {
        pa += sa[k];
        pb += sb[k];
        if (++at[k] < size[k]) break;
        pa -= static_cast<int64_t>(at[k]) * sa[k];
        pb -= static_cast<int64_t>(at[k]) * sb[k];
        at[k] = 0;
      }
    }
  });
}

template <class F>
void pairs(const Call& c, const F& f) {
  const int rank = c.n[0];
  const bool movesA = rank == 0 || c.n[2 * rank] != 0, movesB = rank == 0 || c.n[3 * rank] != 0;
  rows(c, sizeof(float), [&](const float* a, const float* b, char* to, int64_t i, int64_t n) {
    float* out = reinterpret_cast<float*>(to);
    const V a0 = splat(a[0]), b0 = splat(b[0]);
    if (movesA && movesB)
      for (; i + L <= n; i += L) store(out + i, f(load(a + i), load(b + i)));
    else if (movesA)
      for (; i + L <= n; i += L) store(out + i, f(load(a + i), b0));
    else if (movesB)
      for (; i + L <= n; i += L) store(out + i, f(a0, load(b + i)));
    else
      for (; i + L <= n; i += L) store(out + i, f(a0, b0));
    if (i < n) {
      const int part = static_cast<int>(n - i);
      storePart(out + i, f(movesA ? loadPart(a + i, part) : a0, movesB ? loadPart(b + i, part) : b0), part);
    }
  });
}

#define BINARY(name, expression)                          \
  void name(const Call& c) {                              \
    pairs(c, [](V a, V b) -> V { return (expression); }); \
  }

BINARY(add, a + b)
BINARY(subtract, a - b)
BINARY(multiply, a* b)
BINARY(divide, a / b)
BINARY(maximum, max(a, b))
BINARY(minimum, min(a, b))
BINARY(squaredDifference, (a - b) * (a - b))
BINARY(prelu, pick(a < V{}, a* b, a))

void power(const Call& c) {
  pairs(c, [](V a, V b) -> V {
    V out;
    for (int i = 0; i < L; i++) out[i] = __builtin_powf(a[i], b[i]);
    return out;
  });
}

/// Comparisons write bytes.
template <class F>
void compare(const Call& c, const F& f) {
  const int rank = c.n[0];
  const int movesA = rank == 0 || c.n[2 * rank] != 0, movesB = rank == 0 || c.n[3 * rank] != 0;
  rows(c, 1, [&](const float* a, const float* b, char* to, int64_t i, int64_t n) {
    for (; i < n; i++) to[i] = f(a[i * movesA], b[i * movesB]);
  });
}

#define COMPARISON(name, operation)                              \
  void name(const Call& c) {                                     \
    compare(c, [](float a, float b) { return a operation b; }); \
  }

COMPARISON(greater, >)
COMPARISON(greaterEqual, >=)
COMPARISON(less, <)
COMPARISON(lessEqual, <=)
COMPARISON(equal, ==)
COMPARISON(notEqual, !=)

/// Truth values are bytes, of one shape. at = a, b, out; n = count.
template <class F>
void truths(const Call& c, const F& f) {
  const auto *a = static_cast<const uint8_t*>(c.at[0]), *b = static_cast<const uint8_t*>(c.at[1]);
  auto* out = static_cast<uint8_t*>(c.at[2]);
  for (int64_t i = 0; i < c.n[0]; i++) out[i] = f(a[i] != 0, b[i] != 0);
}
void both(const Call& c) {
  truths(c, [](bool a, bool b) { return a && b; });
}
void either(const Call& c) {
  truths(c, [](bool a, bool b) { return a || b; });
}
/// at = a, out; n = count.
void opposite(const Call& c) {
  const auto* a = static_cast<const uint8_t*>(c.at[0]);
  auto* out = static_cast<uint8_t*>(c.at[1]);
  for (int64_t i = 0; i < c.n[0]; i++) out[i] = a[i] == 0;
}

/// at = condition (bytes), a, b, out; n = count.
void select(const Call& c) {
  const auto* condition = static_cast<const uint8_t*>(c.at[0]);
  const float *a = c.in(1), *b = c.in(2);
  float* out = c.out(3);
  forEach(c.n[0], GRAIN, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i++) out[i] = condition[i] ? a[i] : b[i];
  });
}

/// at = in1 … in_k, out; n = count, k. Added from the left.
void addMany(const Call& c) {
  const int k = c.n[1];
  float* out = c.out(k);
  forEach(c.n[0], GRAIN, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i += L) {
      const int part = static_cast<int>(to - i < L ? to - i : L);
      V total = part == L ? load(c.in(0) + i) : loadPart(c.in(0) + i, part);
      for (int j = 1; j < k; j++) total = total + (part == L ? load(c.in(j) + i) : loadPart(c.in(j) + i, part));
      if (part == L)
        store(out + i, total);
      else
        storePart(out + i, total, part);
    }
  });
}

/// at = out; n = count; x = value.
void fill(const Call& c) {
  float* out = c.out(0);
  const float value = static_cast<float>(c.x[0]);
  for (int64_t i = 0; i < c.n[0]; i++) out[i] = value;
}

void byteToFloat(const Call& c) {
  const auto* in = static_cast<const uint8_t*>(c.at[0]);
  float* out = c.out(1);
  for (int64_t i = 0; i < c.n[0]; i++) out[i] = in[i];
}

void intToFloat(const Call& c) {
  const int32_t* in = c.ids(0);
  float* out = c.out(1);
  for (int64_t i = 0; i < c.n[0]; i++) out[i] = static_cast<float>(in[i]);
}

/// Towards 0, as JavaScript's Int32Array; what has no whole number becomes 0.
void floatToInt(const Call& c) {
  const float* in = c.in(0);
  auto* out = static_cast<int32_t*>(c.at[1]);
  for (int64_t i = 0; i < c.n[0]; i++) out[i] = in[i] > -2147483648.0f && in[i] < 2147483648.0f ? static_cast<int32_t>(in[i]) : 0;
}

}  // namespace
}  // namespace GYM_ISA
}  // namespace gym

using namespace gym::GYM_ISA;
GYM_KERNELS(elementwise, {"neg", negate}, {"abs", absolute}, {"relu", relu}, {"relu6", relu6}, {"square", square},
            {"sqrt", root}, {"rsqrt", inverseRoot}, {"reciprocal", reciprocal}, {"exp", exponential},
            {"expm1", exponentialLess1}, {"log", logarithm}, {"log1p", logarithm1p}, {"sigmoid", logistic},
            {"tanh", hyperbolicTangent}, {"softplus", softplus}, {"elu", elu}, {"selu", selu}, {"leakyRelu", leaky},
            {"step", step}, {"sign", sign}, {"clip", clip}, {"add", add}, {"sub", subtract}, {"mul", multiply},
            {"div", divide}, {"maximum", maximum}, {"minimum", minimum}, {"squaredDifference", squaredDifference},
            {"prelu", prelu}, {"pow", power}, {"greater", greater}, {"greaterEqual", greaterEqual}, {"less", less},
            {"lessEqual", lessEqual}, {"equal", equal}, {"notEqual", notEqual}, {"select", select}, {"addN", addMany},
            {"fill", fill}, {"byteToFloat", byteToFloat}, {"intToFloat", intToFloat}, {"floatToInt", floatToInt},
            {"and", both}, {"or", either}, {"not", opposite})
