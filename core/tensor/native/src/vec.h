// Vectors of GYM_LANES floats by the compiler's vector types, and the few functions on them that hardware does not have.
// Everything here lives in a namespace of its instruction set, so that the linker never mixes two of them.
#pragma once
#include <cstdint>
#include <cstring>
#if GYM_LANES >= 8
#include <immintrin.h>
#endif

namespace gym {
namespace GYM_ISA {

constexpr int L = GYM_LANES;
typedef float V __attribute__((vector_size(4 * GYM_LANES)));
typedef int32_t VI __attribute__((vector_size(4 * GYM_LANES)));
typedef float VU __attribute__((vector_size(4 * GYM_LANES), aligned(4), may_alias));
typedef int32_t VIU __attribute__((vector_size(4 * GYM_LANES), aligned(4), may_alias));

#define GYM_INLINE static inline __attribute__((always_inline))

GYM_INLINE V load(const float* p) { return *reinterpret_cast<const VU*>(p); }
GYM_INLINE void store(float* p, V v) { *reinterpret_cast<VU*>(p) = v; }
GYM_INLINE V splat(float x) { return x - V{}; }
GYM_INLINE VI splati(int32_t x) { return x - VI{}; }
/// The first `count` lanes (0 … L); the rest is 0, and its memory is not touched.
#if GYM_LANES == 16
GYM_INLINE V loadPart(const float* p, int count) {
  return reinterpret_cast<V>(_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1), p));
}
GYM_INLINE void storePart(float* p, V v, int count) {
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << count) - 1), reinterpret_cast<__m512>(v));
}
#elif GYM_LANES == 8
GYM_INLINE __m256i firstLanes(int count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
GYM_INLINE V loadPart(const float* p, int count) { return reinterpret_cast<V>(_mm256_maskload_ps(p, firstLanes(count))); }
GYM_INLINE void storePart(float* p, V v, int count) {
  _mm256_maskstore_ps(p, firstLanes(count), reinterpret_cast<__m256>(v));
}
#else
GYM_INLINE V loadPart(const float* p, int count) {
  V v = {};
  std::memcpy(&v, p, sizeof(float) * count);
  return v;
}
GYM_INLINE void storePart(float* p, V v, int count) { std::memcpy(p, &v, sizeof(float) * count); }
#endif

/// The first `count` lanes, all of them at times.
GYM_INLINE V get(const float* p, int count) { return count == L ? load(p) : loadPart(p, count); }
GYM_INLINE void put(float* p, V v, int count) {
  if (count == L)
    store(p, v);
  else
    storePart(p, v, count);
}

/// f(i, count) over [from, to): whole vectors first, then the rest.
template <class F>
GYM_INLINE void lanes(int64_t from, int64_t to, const F& f) {
  for (; from + L <= to; from += L) f(from, L);
  if (from < to) f(from, static_cast<int>(to - from));
}
template <class F>
GYM_INLINE void lanes(int64_t n, const F& f) {
  lanes(0, n, f);
}
GYM_INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

GYM_INLINE V asFloat(VI v) {
  V out;
  std::memcpy(&out, &v, sizeof out);
  return out;
}
GYM_INLINE VI asInt(V v) {
  VI out;
  std::memcpy(&out, &v, sizeof out);
  return out;
}
/// a where the mask's lane is all ones, else b.
GYM_INLINE V pick(VI mask, V a, V b) { return mask ? a : b; }
GYM_INLINE V abs(V v) { return asFloat(asInt(v) & 0x7fffffff); }
/// Math.max and Math.min: a NaN on either side is the answer.
GYM_INLINE V max(V a, V b) { return pick((a > b) | (a != a), a, b); }
GYM_INLINE V min(V a, V b) { return pick((a < b) | (a != a), a, b); }
GYM_INLINE V toFloat(VI v) { return __builtin_convertvector(v, V); }
GYM_INLINE VI toInt(V v) { return __builtin_convertvector(v, VI); }

/// 0, 1, 2, … in the lanes.
GYM_INLINE VI counting() {
  int32_t lane[L];
  for (int i = 0; i < L; i++) lane[i] = i;
  VI v;
  std::memcpy(&v, lane, sizeof v);
  return v;
}
/// v in its first `count` lanes, else 0.
GYM_INLINE V first(V v, int count) {
  return counting() < splati(count) ? v : V{};
}

/// Lane i joined by f with lane i + L/2, halving until one lane is left.
template <int N>
struct Halves {
  typedef float Whole __attribute__((vector_size(4 * N)));
  template <class F>
  static inline __attribute__((always_inline)) float join(Whole v, const F& f) {
    typename Halves<N / 2>::Whole low, high;
#if GYM_LANES == 16
    if constexpr (N == 16) {  // by its instruction: through memory it costs four times as much
      const __m512d whole = reinterpret_cast<__m512d>(v);
      low = reinterpret_cast<decltype(low)>(_mm512_castpd512_pd256(whole));
      high = reinterpret_cast<decltype(high)>(_mm512_extractf64x4_pd(whole, 1));
      return Halves<N / 2>::join(f(low, high), f);
    }
#endif
    std::memcpy(&low, &v, sizeof low);
    std::memcpy(&high, reinterpret_cast<const char*>(&v) + sizeof low, sizeof high);
    return Halves<N / 2>::join(f(low, high), f);
  }
};
template <>
struct Halves<1> {
  typedef float Whole __attribute__((vector_size(4)));
  template <class F>
  static inline __attribute__((always_inline)) float join(Whole v, const F&) {
    return v[0];
  }
};
GYM_INLINE float sum(V v) {
  return Halves<L>::join(v, [](auto a, auto b) { return a + b; });
}
GYM_INLINE float greatest(V v) {
  return Halves<L>::join(v, [](auto a, auto b) { return a > b ? a : b; });
}

/// e^x within 2 units in the last place; 0 below −104, ∞ above 88.72, NaN stays (range reduction and minimax polynomial as
/// in Cephes).
GYM_INLINE V exp(V x) {
  const V low = splat(-104.0f), high = splat(88.8f);
  V t = pick(x < low, low, pick(x > high, high, x));
  // n = round(t / ln 2); the magic number pushes the fraction off the mantissa.
  const V magic = splat(12582912.0f);
  V n = (t * 1.44269504088896341f + magic) - magic;
  V r = t - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  V p = splat(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  // 2^n in two factors: n reaches −150, beyond a float's exponent.
  const V known = pick(x != x, V{}, n);
  VI k = toInt(known);
  VI half = k >> 1;
  V a = asFloat((half + 127) << 23), b = asFloat((k - half + 127) << 23);
  V y = p * a * b;
  return pick(x != x, x, y);
}

/// ln x within 2 units in the last place for normal and subnormal x; −∞ at 0, NaN below (Cephes).
GYM_INLINE V log(V x) {
  const VI tiny = x < splat(1.17549435e-38f);
  V scaled = pick(tiny, x * 8388608.0f, x);
  VI bits = asInt(scaled);
  VI e = ((bits >> 23) & 0xff) - 126;
  V m = asFloat((bits & 0x007fffff) | 0x3f000000);  // in [0.5, 1)
  V exponent = toFloat(e) - pick(tiny, splat(23.0f), V{});
  const VI low = m < splat(0.707106781186547524f);
  exponent = exponent - pick(low, splat(1.0f), V{});
  m = pick(low, m + m, m) - 1.0f;
  V z = m * m;
  V p = splat(7.0376836292e-2f);
  p = p * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  V y = p * m * z;
  y = y + exponent * -2.12194440e-4f;
  y = y - 0.5f * z;
  y = m + y + exponent * 0.693359375f;
  const V infinity = splat(__builtin_inff()), nan = splat(__builtin_nanf(""));
  y = pick(x == infinity, infinity, y);
  y = pick(x == V{}, -infinity, y);
  return pick((x < V{}) | (x != x), nan, y);
}

/// tanh x: odd polynomial below 0.625, 1 − 2/(e^2x + 1) above (Cephes).
GYM_INLINE V tanh(V x) {
  V a = abs(x);
  V z = x * x;
  V p = splat(-5.70498872745e-3f);
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  V small = p * z * x + x;
  V large = 1.0f - 2.0f / (exp(a + a) + 1.0f);
  large = asFloat(asInt(large) | (asInt(x) & VI(splati(INT32_MIN))));
  V y = pick(a < splat(0.625f), small, large);
  return pick(x != x, x, y);
}

/// 1 / (1 + e^−x), without overflow on either side.
GYM_INLINE V sigmoid(V x) {
  V e = exp(-abs(x));
  V y = 1.0f / (1.0f + e);
  return pick(x < V{}, e * y, y);
}

/// ln(1 + x), exact to rounding for small x: ln(u)·x/(u − 1) with u = 1 + x (Kahan).
GYM_INLINE V log1p(V x) {
  V u = x + 1.0f;
  V d = u - 1.0f;
  V y = log(u) * (x / d);
  y = pick(d == V{}, x, y);
  const V infinity = splat(__builtin_inff());
  return pick(x == infinity, infinity, y);
}

/// e^x − 1 without cancellation: (u − 1)·x/ln(u) with u = e^x (Kahan).
GYM_INLINE V expm1(V x) {
  V u = exp(x);
  V d = u - 1.0f;
  V y = d * (x / log(u));
  y = pick(u == splat(1.0f), x, y);
  y = pick(d == splat(-1.0f), splat(-1.0f), y);
  const V infinity = splat(__builtin_inff());
  return pick(u == infinity, infinity, pick(x != x, x, y));
}

GYM_INLINE V sqrt(V v) {
  float lane[L];
  std::memcpy(lane, &v, sizeof v);
  for (int i = 0; i < L; i++) lane[i] = __builtin_sqrtf(lane[i]);
  return loadPart(lane, L);
}

}  // namespace GYM_ISA
}  // namespace gym
