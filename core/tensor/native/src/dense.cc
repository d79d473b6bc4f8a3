// The gradients of a dense layer; its forward pass is a matrix product with a bias and an activation.
#include "matmul.h"

namespace gym {
namespace GYM_ISA {
namespace {

/// dz = dy ∘ activation'(y) and db = Σ_rows dz, columns in blocks, rows in runs of 64.
void throughActivation(int64_t rows, int64_t width, int activation, const float* y, const float* dy, float* dz,
                       float* db) {
  forEach(width, rows * width < 65536 ? width : 4 * L, [&](int64_t from, int64_t to) {
    for (int64_t j = from; j < to; j += L) {
      const int count = static_cast<int>(least(L, to - j));
      V total = {};
      for (int64_t r0 = 0; r0 < rows; r0 += 64) {
        V run = {};
        for (int64_t r = r0; r < least(r0 + 64, rows); r++) {
          const int64_t at = r * width + j;
          V d = count == L ? load(dy + at) : loadPart(dy + at, count);
          if (activation != LINEAR) {
            d = d * slope(count == L ? load(y + at) : loadPart(y + at, count), activation);
            if (count == L)
              store(dz + at, d);
            else
              storePart(dz + at, d, count);
          }
          run += d;
        }
        total += run;
      }
      storePart(db + j, total, count);
    }
  });
}

/// at = x, w, y, dy, dz (scratch), dw, db, dx; n = rows, inputs, outputs, activation, wants dx?
/// dw = xᵀ·dz, db = Σ_rows dz, dx = dz·wᵀ with dz = dy ∘ activation'(y). dx and dz may be any memory where not wanted.
void denseGradient(const Call& c) {
  const int64_t rows = c.n[0], inputs = c.n[1], outputs = c.n[2];
  const int activation = c.n[3];
  const float* dz = activation == LINEAR ? c.in(3) : c.in(4);
  throughActivation(rows, outputs, activation, c.in(2), c.in(3), c.out(4), c.out(6));
  multiply(inputs, outputs, rows, Matrix{c.in(0), 1, inputs}, Matrix{dz, outputs, 1}, c.out(5), outputs, {});
  if (c.n[4]) multiply(rows, inputs, outputs, Matrix{dz, outputs, 1}, Matrix{c.in(1), 1, outputs}, c.out(7), inputs, {});
}

}  // namespace
}  // namespace GYM_ISA
}  // namespace gym

using namespace gym::GYM_ISA;
GYM_KERNELS(dense, {"denseGradient", denseGradient})
