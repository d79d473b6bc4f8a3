// A table of floats in a byte per number, for passing over rows that cannot be among the best. Rows lie in blocks of 32
// (for each 4 columns, 32 × 4 bytes) that share a scale s: a row x is stored as x̂ = s·c, with whole c in [−127, 127]
// written as the byte c + 128; a query q likewise as q̂ = t·g. Then by Cauchy and Schwarz
//
//   |q·x − s·t·(g·c)| ≤ |q|·|x − x̂| + |q − q̂|·|x̂| ≤ s·(|q|·ρ + |q − q̂|·κ) = s·r
//
// where ρ and κ are the greatest |x − x̂|/s and |c| of the block. So the row may reach a score f only if
// g·c ≥ (f/s − r)/t, which compares whole numbers.
#pragma once
#include <cmath>

#include "best.h"
#if GYM_LANES == 16
#include <immintrin.h>
#endif

namespace gym {
namespace GYM_ISA {
namespace {

constexpr int BLOCK = 32;
constexpr float TINIEST = 1.17549435e-38f;

GYM_INLINE int groupsOf(int width) { return (width + 3) / 4; }
GYM_INLINE int64_t blocksOf(int64_t rows) { return (rows + BLOCK - 1) / BLOCK; }
/// At least x, as a float.
GYM_INLINE float above(double x) { return static_cast<float>(x * (1 + 1e-6)); }

/// What a block's codes stand for.
struct Measure {
  float scale, rho, kappa;
};

/// The scale that brings n numbers into [−127, 127].
GYM_INLINE float scaleFor(const float* x, int64_t n) {
  float largest = 0;
  for (int64_t i = 0; i < n; i++) largest = std::fabs(x[i]) > largest ? std::fabs(x[i]) : largest;
  return largest / 127.0f > TINIEST ? largest / 127.0f : TINIEST;
}

/// Writes the codes of a vector plus `zero`, `step` bytes from one group of 4 to the next; returns |x − x̂| and |c|.
GYM_INLINE void encode(const float* x, int width, float scale, uint8_t* to, int64_t step, int zero, double* residual,
                       double* norm) {
  const float inverse = 1.0f / scale;
  double lost = 0, kept = 0;
  for (int i = 0; i < width; i++) {
    const int byte = static_cast<int>(x[i] * inverse + 128.5f);
    const int code = (byte < 1 ? 1 : byte > 255 ? 255 : byte) - 128;
    to[i / 4 * step + i % 4] = static_cast<uint8_t>(code + zero);
    const double left = x[i] - static_cast<double>(scale) * code;
    lost += left * left;
    kept += code * code;
  }
  *residual = std::sqrt(lost);
  *norm = std::sqrt(kept);
}

/// at = table, codes, measures (3 numbers a block); n = first block, rows, width.
void encodeRows(const Call& c) {
  const float* table = c.in(0);
  auto* codes = static_cast<uint8_t*>(c.at[1]);
  auto* measures = static_cast<Measure*>(c.at[2]);
  const int64_t first = c.n[0], rows = c.n[1];
  const int width = c.n[2], bytes = groupsOf(width) * 4 * BLOCK;
  forEach(blocksOf(rows) - first, 32, [&](int64_t from, int64_t to) {
    for (int64_t block = first + from; block < first + to; block++) {
      const int64_t row = block * BLOCK, count = rows - row < BLOCK ? rows - row : BLOCK;
      uint8_t* place = codes + block * bytes;
      std::memset(place, 128, bytes);
      const float scale = scaleFor(table + row * width, count * width);
      double rho = 0, kappa = 0;
      for (int i = 0; i < count; i++) {
        double residual, norm;
        encode(table + (row + i) * width, width, scale, place + 4 * i, 4 * BLOCK, 128, &residual, &norm);
        rho = residual / scale > rho ? residual / scale : rho;
        kappa = norm > kappa ? norm : kappa;
      }
      measures[block] = Measure{scale, above(rho), above(kappa)};
    }
  });
}

#if GYM_LANES == 16
/// The queries of a panel, as codes.
struct CodedPanel {
  uint32_t* words;  // [groups, PANEL], 4 codes each
  float scale[PANEL], inverse[PANEL];
  float perRho[PANEL], perKappa[PANEL];  // r = perRho·ρ + perKappa·κ
  int32_t offset[PANEL];                 // 128·Σg: what the bytes' offset adds to a product

  float radius(int q, const Measure& block) const { return perRho[q] * block.rho + perKappa[q] * block.kappa; }
};

/// Fills in a panel. `words` is scratch of groups × PANEL.
void encodePanel(const float* queries, int count, int width, CodedPanel* panel) {
  uint32_t* words = panel->words;
  std::memset(words, 0, sizeof(uint32_t) * groupsOf(width) * PANEL);
  for (int q = 0; q < PANEL; q++) {
    const float* query = queries + static_cast<int64_t>(q) * width;
    const int used = q < count ? width : 0;
    const float scale = scaleFor(query, used);
    double residual, unused, norm = 0;
    encode(query, used, scale, reinterpret_cast<uint8_t*>(words + q), sizeof(uint32_t) * PANEL, 0, &residual, &unused);
    int32_t total = 0;
    for (int i = 0; i < used; i++) {
      norm += static_cast<double>(query[i]) * query[i];
      total += static_cast<int8_t>(words[i / 4 * PANEL + q] >> 8 * (i % 4));
    }
    norm = std::sqrt(norm);
    // Rounding of the floats that this enters: some units in the last place of |q|·|x|.
    const double slack = (norm + residual) * 2e-6;
    panel->scale[q] = scale;
    panel->inverse[q] = 1.0f / scale;
    panel->offset[q] = 128 * total;
    panel->perRho[q] = above(norm + slack);
    panel->perKappa[q] = above(residual + slack);
  }
}

bool dotsOfBytes() { return __builtin_cpu_supports("avx512vnni"); }

/// The least product of codes, with the bytes' offset, by which a row of the block may reach each query's floor.
GYM_INLINE void leastDots(const CodedPanel& panel, const float* floors, const Measure& block, int32_t* least) {
  const V far = splat(1073741824.0f);  // beyond any product, and an offset can still be added
  const V inverse = splat(1.0f / block.scale);
  for (int q = 0; q < PANEL; q += L) {
    const V radius = load(panel.perRho + q) * block.rho + load(panel.perKappa + q) * block.kappa;
    const V dot = (load(floors + q) * inverse - radius) * load(panel.inverse + q) - 1.0f;
    const VI whole = toInt(pick(dot > far, far, pick(dot < -far, -far, dot)));
    *reinterpret_cast<VIU*>(least + q) = whole + *reinterpret_cast<const VIU*>(panel.offset + q);
  }
}

/// sum += 4 products of bytes, per lane. In assembly, for the rest of the file must run without the instruction.
GYM_INLINE __m512i addDots(__m512i sum, __m512i bytes, const uint32_t* word) {
  asm("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(bytes), "m"(*word));
  return sum;
}

/// Which rows of a block may reach a query's floor (a bit each) and, where any may, all products.
struct Reach {
  uint32_t mask;
  int32_t dots[BLOCK];
};

/// Multiplies a block of codes with Q queries of a panel, from `words` on. Returns whether any row may reach a floor.
template <int Q>
__attribute__((noinline)) bool findReach(const uint32_t* words, const int32_t* least, const uint8_t* codes, int groups,
                                         Reach* reach) {
  __m512i low[Q], high[Q];
#pragma GCC unroll 8
  for (int q = 0; q < Q; q++) low[q] = high[q] = _mm512_setzero_si512();
  const int64_t next = static_cast<int64_t>(groups) * 4 * BLOCK;
  for (int g = 0; g < groups; g++, codes += 4 * BLOCK, words += PANEL) {
    const __m512i a = _mm512_loadu_si512(codes), b = _mm512_loadu_si512(codes + 64);
    __builtin_prefetch(codes + next);
    __builtin_prefetch(codes + next + 64);
#pragma GCC unroll 8
    for (int q = 0; q < Q; q++) {
      low[q] = addDots(low[q], a, words + q);
      high[q] = addDots(high[q], b, words + q);
    }
  }
  uint32_t any = 0;
#pragma GCC unroll 8
  for (int q = 0; q < Q; q++) {
    const __m512i enough = _mm512_set1_epi32(least[q]);
    const uint32_t mask = _mm512_cmpge_epi32_mask(low[q], enough) |
                          static_cast<uint32_t>(_mm512_cmpge_epi32_mask(high[q], enough)) << 16;
    reach[q].mask = mask;
    any |= mask;
    if (mask == 0) continue;
    _mm512_storeu_si512(reach[q].dots, low[q]);
    _mm512_storeu_si512(reach[q].dots + L, high[q]);
  }
  return any != 0;
}
#else
bool dotsOfBytes() { return false; }
#endif

}  // namespace
}  // namespace GYM_ISA
}  // namespace gym
