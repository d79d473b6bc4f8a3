// A table of floats in a byte per number, for passing over rows that cannot be among the best. A row x is stored as
// x̂ = s·c with whole c in [−127, 127] (as the byte c + 128) and a scale s of its own; a query q likewise as q̂ = t·g.
// Then by Cauchy and Schwarz
//
//   |q·x − t·s·(g·c)| ≤ |q|·|x − x̂| + |q − q̂|·|x̂| = s·(|q|·ρ + |q − q̂|·κ)      ρ = |x − x̂|/s, κ = |c|
//
// Rows lie in blocks of 32: for each 4 columns, 32 × 4 bytes. ρ and κ are kept once a block, as the largest in it.
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

/// How a vector was stored.
struct Coded {
  float scale;
  double residual, norm;  // |x − x̂| and |c|
};

/// Writes the codes of one vector, `step` bytes from one group of 4 to the next; pads the last group with `zero`.
inline Coded encode(const float* x, int width, uint8_t* to, int64_t step, int zero) {
  float largest = 0;
  for (int i = 0; i < width; i++) largest = std::fabs(x[i]) > largest ? std::fabs(x[i]) : largest;
  const float scale = largest / 127.0f > TINIEST ? largest / 127.0f : TINIEST, inverse = 1.0f / scale;
  double residual = 0, norm = 0;
  for (int i = 0; i < 4 * groupsOf(width); i++) {
    const int byte = i < width ? static_cast<int>(x[i] * inverse + 128.5f) : 128;
    const int code = (byte < 1 ? 1 : byte > 255 ? 255 : byte) - 128;
    to[i / 4 * step + i % 4] = static_cast<uint8_t>(code + zero);
    if (i >= width) continue;
    const double left = x[i] - static_cast<double>(scale) * code;
    residual += left * left;
    norm += code * code;
  }
  return Coded{scale, std::sqrt(residual), std::sqrt(norm)};
}

/// at = table, codes, scales, radii (ρ, κ of each block); n = first block, rows, width.
void encodeRows(const Call& c) {
  const float* table = c.in(0);
  auto* codes = static_cast<uint8_t*>(c.at[1]);
  float *scales = c.out(2), *radii = c.out(3);
  const int64_t first = c.n[0], rows = c.n[1];
  const int width = c.n[2], groups = groupsOf(width);
  forEach(blocksOf(rows) - first, 32, [&](int64_t from, int64_t to) {
    for (int64_t block = first + from; block < first + to; block++) {
      uint8_t* place = codes + block * groups * 4 * BLOCK;
      double rho = 0, kappa = 0;
      for (int i = 0; i < BLOCK; i++) {
        const int64_t row = block * BLOCK + i;
        const Coded coded = encode(table + row * width, row < rows ? width : 0, place + 4 * i, 4 * BLOCK, 128);
        if (row >= rows)
          for (int g = 0; g < groups; g++) std::memset(place + 4 * (g * BLOCK + i), 128, 4);
        scales[row] = coded.scale;
        rho = coded.residual / coded.scale > rho ? coded.residual / coded.scale : rho;
        kappa = coded.norm > kappa ? coded.norm : kappa;
      }
      radii[2 * block] = above(rho);
      radii[2 * block + 1] = above(kappa);
    }
  });
}

#if GYM_LANES == 16
/// Where a block of rows, or a table of them, begins.
struct Block {
  const uint8_t* codes;
  const float *scales, *radii;
};

/// The queries of a panel, as codes.
struct CodedPanel {
  uint32_t* words;  // [groups, PANEL], 4 codes each
  float scale[PANEL] = {};
  int32_t start[PANEL] = {};  // −128·Σg takes the bytes' offset back
  float perRho[PANEL] = {}, perKappa[PANEL] = {};

  /// How far a score may be from the product of the codes, in units of the row's scale.
  float radius(int q, const Block& block) const { return perRho[q] * block.radii[0] + perKappa[q] * block.radii[1]; }
};

/// Which rows of a block may reach a query's floor (a bit each) and, where any may, the most that each score can be.
struct Reach {
  uint32_t mask;
  float upper[BLOCK];
};

/// Fills in a panel. `words` is scratch of groups × PANEL.
void encodePanel(const float* queries, int count, int width, CodedPanel* panel) {
  const int groups = groupsOf(width);
  std::memset(panel->words, 0, sizeof(uint32_t) * groups * PANEL);
  for (int q = 0; q < count; q++) {
    const float* query = queries + static_cast<int64_t>(q) * width;
    const Coded coded =
        encode(query, width, reinterpret_cast<uint8_t*>(panel->words + q), sizeof(uint32_t) * PANEL, 0);
    double norm = 0;
    int32_t total = 0;
    for (int i = 0; i < width; i++) {
      norm += static_cast<double>(query[i]) * query[i];
      total += static_cast<int8_t>(panel->words[i / 4 * PANEL + q] >> 8 * (i % 4));
    }
    norm = std::sqrt(norm);
    // Rounding of the floats that this enters: some units in the last place of |q|·|x|.
    const double slack = (norm + coded.residual) * 2e-6;
    panel->scale[q] = coded.scale;
    panel->start[q] = -128 * total;
    panel->perRho[q] = above(norm + slack);
    panel->perKappa[q] = above(coded.residual + slack);
  }
}

bool dotsOfBytes() { return __builtin_cpu_supports("avx512vnni"); }

/// sum += 4 products of bytes, per lane. In assembly, for the rest of the file must run without the instruction.
GYM_INLINE __m512i addDots(__m512i sum, __m512i bytes, const uint32_t* word) {
  asm("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(bytes), "m"(*word));
  return sum;
}

/// Which rows of a block may reach the floors of Q queries, from `first` on: reach[q]. Returns whether any may.
template <int Q>
__attribute__((noinline)) bool findReach(const CodedPanel& panel, int first, const float* floors,
                                            const Block& block, int groups, Reach* reach) {
  __m512i low[Q], high[Q];
#pragma GCC unroll 8
  for (int q = 0; q < Q; q++) low[q] = high[q] = _mm512_set1_epi32(panel.start[first + q]);
  const uint32_t* words = panel.words + first;
  const uint8_t* codes = block.codes;
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
  const V scaleLow = load(block.scales), scaleHigh = load(block.scales + L);
  uint32_t any = 0;
#pragma GCC unroll 8
  for (int q = 0; q < Q; q++) {
    const float by = panel.scale[first + q], radius = panel.radius(first + q, block);
    const V floor = splat(floors[first + q]);
    const V x = (toFloat(reinterpret_cast<VI>(low[q])) * by + radius) * scaleLow;
    const V y = (toFloat(reinterpret_cast<VI>(high[q])) * by + radius) * scaleHigh;
    const uint32_t mask = _mm512_cmp_ps_mask(x, floor, _CMP_NLT_UQ) |
                          static_cast<uint32_t>(_mm512_cmp_ps_mask(y, floor, _CMP_NLT_UQ)) << 16;
    reach[q].mask = mask;
    any |= mask;
    if (mask == 0) continue;
    store(reach[q].upper, x);
    store(reach[q].upper + L, y);
  }
  return any != 0;
}
#else
bool dotsOfBytes() { return false; }
#endif

}  // namespace
}  // namespace GYM_ISA
}  // namespace gym
