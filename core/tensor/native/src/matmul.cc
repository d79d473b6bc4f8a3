// Matrix products.
//
// A tile of TALL × (WIDE·L) sums stays in registers while k runs; B is read in panels of WIDE·L columns, straight from
// where it lies when it is small, packed panel by panel when it is large or transposed; A is read element by element
// (broadcast), packed where its rows are far apart. (Goto and van de Geijn 2008; BLIS.)
#include "matmul.h"

#include <cstdlib>

namespace gym {
namespace GYM_ISA {
namespace {

#if GYM_LANES == 16
constexpr int TALL = 14, WIDE = 2;
constexpr int FLAT = 6, BROAD = 4;  // another shape of tile, for what is not packed
#elif GYM_LANES == 8
constexpr int TALL = 6, WIDE = 2;
constexpr int FLAT = 6, BROAD = 2;
#else
constexpr int TALL = 6, WIDE = 4;
constexpr int FLAT = 6, BROAD = 4;
#endif
/// Depth of a block of k: a packed panel of B of that depth fills the first-level cache.
constexpr int64_t DEPTH = 256;
/// Rows of A that a thread packs at once.
constexpr int64_t BLOCK = TALL * 12;
/// Products below this many multiplications stay on one thread.
constexpr int64_t THREADED = 4 << 20;

/// Memory of one thread that only grows.
struct Scratch {
  float* at = nullptr;
  int64_t length = 0;
  float* get(int64_t wanted) {
    if (wanted > length) {
      std::free(at);
      length = (wanted + 1023) / 1024 * 1024;
      at = static_cast<float*>(std::aligned_alloc(64, static_cast<size_t>(length) * sizeof(float)));
    }
    return at;
  }
};
thread_local Scratch panels, strips;

/// Where a tile of C goes.
struct Target {
  float* at;
  int64_t stride;
  const float* bias;
  int activation;
  bool accumulate, finish;
  int last;  // columns in the last vector of the tile, 1 … L
};

/// One tile: M × N vectors of sums over k. COLUMNS: A's rows lie side by side (a[k·step + i]), else its columns do.
template <int M, int N, bool COLUMNS>
void tile(int64_t K, const float* a, int64_t step, const float* b, int64_t width, const Target& to) {
  V sums[M][N] = {};
  const float* row[M];
  if (!COLUMNS)
    for (int i = 0; i < M; i++) row[i] = a + i * step;
  for (int64_t k = 0; k < K; k++) {
    V v[N];
#pragma GCC unroll 4
    for (int j = 0; j < N; j++) v[j] = load(b + j * L);
#pragma GCC unroll 16
    for (int i = 0; i < M; i++) {
      const V x = splat(COLUMNS ? a[i] : row[i][k]);
#pragma GCC unroll 4
      for (int j = 0; j < N; j++) sums[i][j] += x * v[j];
    }
    b += width;
    if (COLUMNS) a += step;
  }
#pragma GCC unroll 16
  for (int i = 0; i < M; i++) {
    float* c = to.at + i * to.stride;
#pragma GCC unroll 4
    for (int j = 0; j < N; j++) {
      const int count = j == N - 1 ? to.last : L;
      V v = sums[i][j];
      if (to.accumulate) v = v + (count == L ? load(c + j * L) : loadPart(c + j * L, count));
      if (to.finish) {
        if (to.bias != nullptr) v = v + (count == L ? load(to.bias + j * L) : loadPart(to.bias + j * L, count));
        v = activate(v, to.activation);
      }
      if (count == L)
        store(c + j * L, v);
      else
        storePart(c + j * L, v, count);
    }
  }
}

using Tile = void (*)(int64_t, const float*, int64_t, const float*, int64_t, const Target&);

template <int N, bool COLUMNS>
Tile ofHeight(int m) {
  switch (m) {
    case 1: return tile<1, N, COLUMNS>;
    case 2: return tile<2, N, COLUMNS>;
    case 3: return tile<3, N, COLUMNS>;
    case 4: return tile<4, N, COLUMNS>;
    case 5: return tile<5, N, COLUMNS>;
    case 6: return tile<6, N, COLUMNS>;
    case 7: return tile<(N <= WIDE && TALL > 6 ? 7 : 1), N, COLUMNS>;
    case 8: return tile<(N <= WIDE && TALL > 6 ? 8 : 1), N, COLUMNS>;
    case 9: return tile<(N <= WIDE && TALL > 6 ? 9 : 1), N, COLUMNS>;
    case 10: return tile<(N <= WIDE && TALL > 6 ? 10 : 1), N, COLUMNS>;
    case 11: return tile<(N <= WIDE && TALL > 6 ? 11 : 1), N, COLUMNS>;
    case 12: return tile<(N <= WIDE && TALL > 6 ? 12 : 1), N, COLUMNS>;
    case 13: return tile<(N <= WIDE && TALL > 6 ? 13 : 1), N, COLUMNS>;
    default: return tile<(N <= WIDE && TALL > 6 ? 14 : 1), N, COLUMNS>;
  }
}

template <bool COLUMNS>
Tile tileOf(int m, int n) {
  switch (n) {
    case 1: return ofHeight<1, COLUMNS>(m);
    case 2: return ofHeight<2, COLUMNS>(m);
    case 3: return ofHeight<3, COLUMNS>(m);
    default: return ofHeight<4, COLUMNS>(m);
  }
}

int64_t parts(int64_t n, int64_t size) { return (n + size - 1) / size; }

/// B[k0 … k0+depth, n0 … n0+columns] into out[depth][width], the columns beyond filled with 0.
void packPanel(const Matrix& B, int64_t k0, int64_t depth, int64_t n0, int64_t columns, int64_t width, float* out) {
  const float* from = B.at + k0 * B.rows + n0 * B.columns;
  if (B.columns == 1) {
    for (int64_t k = 0; k < depth; k++, from += B.rows, out += width) {
      int64_t j = 0;
      for (; j + L <= columns; j += L) store(out + j, load(from + j));
      for (; j < columns; j++) out[j] = from[j];
      for (; j < width; j++) out[j] = 0;
    }
    return;
  }
  // Transposed: the columns are far apart, k runs along memory. In squares that stay in the cache.
  for (int64_t k1 = 0; k1 < depth; k1 += 16) {
    const int64_t k2 = least(k1 + 16, depth);
    for (int64_t j = 0; j < width; j++) {
      const float* column = from + j * B.columns;
      if (j < columns)
        for (int64_t k = k1; k < k2; k++) out[k * width + j] = column[k * B.rows];
      else
        for (int64_t k = k1; k < k2; k++) out[k * width + j] = 0;
    }
  }
}

/// A[m0 … m0+rows, k0 … k0+depth] into strips of TALL rows: out[strip][depth][TALL].
void packStrips(const Matrix& A, int64_t m0, int64_t rows, int64_t k0, int64_t depth, float* out) {
  for (int64_t i0 = 0; i0 < rows; i0 += TALL) {
    const int64_t tall = least(TALL, rows - i0);
    const float* from = A.at + (m0 + i0) * A.rows + k0 * A.columns;
    if (A.rows == 1 && tall == TALL) {
      for (int64_t k = 0; k < depth; k++) std::memcpy(out + k * TALL, from + k * A.columns, TALL * sizeof(float));
    } else if (A.rows == 1) {
      for (int64_t k = 0; k < depth; k++)
        for (int64_t i = 0; i < tall; i++) out[k * TALL + i] = from[k * A.columns + i];
    } else {
      for (int64_t k1 = 0; k1 < depth; k1 += 16) {
        const int64_t k2 = least(k1 + 16, depth);
        for (int64_t i = 0; i < tall; i++)
          for (int64_t k = k1; k < k2; k++) out[k * TALL + i] = from[i * A.rows + k];
      }
    }
    out += depth * TALL;
  }
}

/// Everything packed: for large products.
void multiplyPacked(int64_t M, int64_t N, int64_t K, Matrix A, Matrix B, float* C, int64_t stride, const Finish& f) {
  constexpr int64_t width = WIDE * L;
  const int64_t count = parts(N, width);
  for (int64_t k0 = 0; k0 < K; k0 += DEPTH) {
    const int64_t depth = least(DEPTH, K - k0);
    const bool finish = k0 + depth == K, accumulate = f.accumulate || k0 > 0;
    float* packed = panels.get(count * width * depth);
    forEach(count, parts(count, 8), [&](int64_t from, int64_t to) {
      for (int64_t p = from; p < to; p++)
        packPanel(B, k0, depth, p * width, least(width, N - p * width), width, packed + p * width * depth);
    });
    forEach(M, BLOCK, [&](int64_t m0, int64_t m1) {
      float* strip = strips.get(BLOCK * DEPTH);
      packStrips(A, m0, m1 - m0, k0, depth, strip);
      for (int64_t p = 0; p < count; p++) {
        const int64_t columns = least(width, N - p * width);
        const int vectors = static_cast<int>(parts(columns, L));
        Target to{nullptr, stride, f.bias == nullptr ? nullptr : f.bias + p * width, f.activation, accumulate, finish,
                  static_cast<int>(columns - (vectors - 1) * L)};
        for (int64_t i = m0; i < m1; i += TALL) {
          const int tall = static_cast<int>(least(TALL, m1 - i));
          to.at = C + i * stride + p * width;
          tileOf<true>(tall, vectors)(depth, strip + (i - m0) * depth, TALL, packed + p * width * depth, width, to);
        }
      }
    });
  }
}

/// A read where it lies; B too, unless it is transposed or its last columns are not a whole vector.
void multiplyInPlace(int64_t M, int64_t N, int64_t K, Matrix A, Matrix B, float* C, int64_t stride, const Finish& f) {
  constexpr int64_t width = BROAD * L;
  const int64_t count = parts(N, width), whole = B.columns == 1 ? N / L * L : 0;
  float* packed = nullptr;
  // Panels that must be packed: all of a transposed B, or the last one of a ragged B.
  const int64_t first = whole == N ? count : whole / width;
  if (first < count) {
    packed = panels.get((count - first) * width * K);
    for (int64_t p = first; p < count; p++)
      packPanel(B, 0, K, p * width, least(width, N - p * width), width, packed + (p - first) * width * K);
  }
  const int64_t grain = M * N * K < THREADED ? M : parts(parts(M, FLAT), 16) * FLAT;
  forEach(M, grain, [&](int64_t m0, int64_t m1) {
    for (int64_t p = 0; p < count; p++) {
      const int64_t columns = least(width, N - p * width);
      const int vectors = static_cast<int>(parts(columns, L));
      const float* b = p < first ? B.at + p * width : packed + (p - first) * width * K;
      const int64_t bStep = p < first ? B.rows : width;
      Target to{nullptr, stride, f.bias == nullptr ? nullptr : f.bias + p * width, f.activation, f.accumulate, true,
                static_cast<int>(columns - (vectors - 1) * L)};
      for (int64_t i = m0; i < m1; i += FLAT) {
        const int tall = static_cast<int>(least(FLAT, m1 - i));
        to.at = C + i * stride + p * width;
        const float* a = A.at + i * A.rows;
        if (A.columns == 1)
          tileOf<false>(tall, vectors)(K, a, A.rows, b, bStep, to);
        else
          tileOf<true>(tall, vectors)(K, a, A.columns, b, bStep, to);
      }
    }
  });
}

V finished(V v, const Finish& f, int64_t at, int count) {
  if (f.bias != nullptr) v = v + loadPart(f.bias + at, count);
  return activate(v, f.activation);
}

/// c[i] = Σ_k rows[i, k]·x[k]: both lie along k.
void dots(int64_t M, int64_t K, const float* rows, int64_t step, const float* x, float* c, int64_t stride) {
  forEach(M, M * K < THREADED ? M : 1024, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i++) {
      const float* row = rows + i * step;
      V a = {}, b = {};
      int64_t k = 0;
      for (; k + 2 * L <= K; k += 2 * L) {
        a += load(row + k) * load(x + k);
        b += load(row + k + L) * load(x + k + L);
      }
      for (; k < K; k += L) {
        const int count = static_cast<int>(least(L, K - k));
        a += loadPart(row + k, count) * loadPart(x + k, count);
      }
      c[i * stride] = sum(a + b);
    }
  });
}

/// Bias and activation of a product that was stored plainly.
void finishRows(int64_t M, int64_t N, float* C, int64_t stride, const Finish& f) {
  if (f.bias == nullptr && f.activation == LINEAR) return;
  for (int64_t i = 0; i < M; i++) {
    float* c = C + i * stride;
    for (int64_t j = 0; j < N; j += L) {
      const int count = static_cast<int>(least(L, N - j));
      storePart(c + j, finished(loadPart(c + j, count), f, j, count), count);
    }
  }
}

}  // namespace

void multiply(int64_t M, int64_t N, int64_t K, Matrix A, Matrix B, float* C, int64_t stride, const Finish& f) {
  if (M == 0 || N == 0) return;
  if (N == 1 && !f.accumulate && A.columns == 1 && (B.rows == 1 || K == 1)) {
    dots(M, K, A.at, A.rows, B.at, C, stride);
    if (f.bias == nullptr && f.activation == LINEAR) return;
    // A column: its bias is one number.
    for (int64_t i = 0; i < M; i++) storePart(C + i * stride, finished(loadPart(C + i * stride, 1), f, 0, 1), 1);
    return;
  }
  if (N == 1 && stride == 1 && A.rows == 1 && A.columns != 1 && f.bias == nullptr) {
    // A column from a transposed A: the row Bᵀ·Aᵀ, which reads A along memory.
    return multiply(1, M, K, Matrix{B.at, 1, B.rows}, Matrix{A.at, A.columns, 1}, C, M, f);
  }
  if (M == 1 && !f.accumulate && B.rows == 1 && B.columns != 1 && (A.columns == 1 || K == 1)) {
    dots(N, K, B.at, B.columns, A.at, C, 1);
    finishRows(1, N, C, stride, f);
    return;
  }
  const bool large = M * N * K > (int64_t{1} << 22) && M >= 2 * TALL && N >= 2 * WIDE * L && K >= 64 && N * K > 24 * 1024;
  if (large)
    multiplyPacked(M, N, K, A, B, C, stride, f);
  else
    multiplyInPlace(M, N, K, A, B, C, stride, f);
}

namespace {

Matrix laid(const float* at, int64_t rows, int64_t columns, bool transposed) {
  return transposed ? Matrix{at, 1, rows} : Matrix{at, columns, 1};
}

/// at = a, b, bias, out; n = batch, M, N, K, a transposed?, b transposed?, strides of a and b over the batch (0: the same
/// for all), has bias?, activation. bias is [N]. a is [M, K] ([K, M] when transposed), b [K, N] ([N, K]).
void matmul(const Call& c) {
  const int32_t* n = c.n;
  const int64_t batch = n[0], M = n[1], N = n[2], K = n[3], strideA = n[6], strideB = n[7];
  Finish finish;
  finish.bias = n[8] ? c.in(2) : nullptr;
  finish.activation = n[9];
  const bool splits = batch >= 4 && M * N * K < THREADED && batch * M * N * K >= THREADED;
  forEach(batch, splits ? parts(batch, 32) : batch, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i++)
      multiply(M, N, K, laid(c.in(0) + i * strideA, M, K, n[4] != 0), laid(c.in(1) + i * strideB, K, N, n[5] != 0),
               c.out(3) + i * M * N, N, finish);
  });
}

}  // namespace
}  // namespace GYM_ISA
}  // namespace gym

using namespace gym::GYM_ISA;
GYM_KERNELS(matmul, {"matmul", matmul})
