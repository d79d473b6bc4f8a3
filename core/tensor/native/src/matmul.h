// Matrix products for the other kernels of the same instruction set.
#pragma once
#include "group.h"

namespace gym {
namespace GYM_ISA {

/// A matrix by its strides: element (i, j) lies at at[i·rows + j·columns]. One of the two strides must be 1.
struct Matrix {
  const float* at;
  int64_t rows, columns;
};

enum Activation { LINEAR = 0, RELU = 1, TANH = 2, SIGMOID = 3 };

/// What happens to a product before it is stored.
struct Finish {
  const float* bias = nullptr;  // [N], added to every row
  int activation = LINEAR;
  bool accumulate = false;  // C += instead of C =
};

/// C[M, N] = finish(A[M, K] · B[K, N]); C has rows of `stride` numbers. Each element is one sum in the order of k, so
/// neither the number of threads nor the place of a row in its block changes a bit of it.
void multiply(int64_t M, int64_t N, int64_t K, Matrix A, Matrix B, float* C, int64_t stride, const Finish& finish);

/// activation(v).
GYM_INLINE V activate(V v, int activation) {
  switch (activation) {
    case RELU: return max(v, V{});
    case TANH: return tanh(v);
    case SIGMOID: return sigmoid(v);
    default: return v;
  }
}

/// activation'(z) from y = activation(z).
GYM_INLINE V slope(V y, int activation) {
  switch (activation) {
    case RELU: return pick(y > V{}, splat(1.0f), V{});
    case TANH: return 1.0f - y * y;
    case SIGMOID: return y * (1.0f - y);
    default: return splat(1.0f);
  }
}

}  // namespace GYM_ISA
}  // namespace gym
