// Rows brought to one scale: layer normalisation, and rows of length one.
#include "group.h"

namespace gym {
namespace GYM_ISA {
namespace {

/// Numbers that a thread takes at once.
constexpr int64_t GRAIN = 16384;

int64_t rowsAtOnce(int64_t width) { return width > GRAIN ? 1 : GRAIN / (width > 0 ? width : 1); }

/// at = x, gain, bias, y, mean, inverse deviation; n = rows, width; x = epsilon.
/// y = (x − mean)·inverse·gain + bias, by rows.
void layerNorm(const Call& c) {
  const int64_t rows = c.n[0], width = c.n[1];
  const float *gain = c.in(1), *bias = c.in(2);
  const float epsilon = static_cast<float>(c.x[0]), share = 1.0f / static_cast<float>(width);
  forEach(rows, rowsAtOnce(width), [&](int64_t from, int64_t to) {
    for (int64_t r = from; r < to; r++) {
      const float* x = c.in(0) + r * width;
      float* y = c.out(3) + r * width;
      V total = {};
      lanes(width, [&](int64_t i, int count) { total += get(x + i, count); });
      const float mean = sum(total) * share;
      V square = {};
      lanes(width, [&](int64_t i, int count) {
        const V d = first(get(x + i, count) - mean, count);
        square += d * d;
      });
      const float inverse = 1.0f / __builtin_sqrtf(sum(square) * share + epsilon);
      lanes(width, [&](int64_t i, int count) {
        put(y + i, (get(x + i, count) - mean) * inverse * get(gain + i, count) + get(bias + i, count), count);
      });
      c.out(4)[r] = mean;
      c.out(5)[r] = inverse;
    }
  });
}

/// at = x, gain, mean, inverse deviation, dy, dx, dgain, dbias, blocks (scratch, [blocks, 2, width]);
/// n = rows, width, rows of a block. With x̂ = (x − mean)·inverse and g = dy·gain:
///   dx = inverse·(g − mean(g) − x̂·mean(g·x̂))     dgain = Σ_rows dy·x̂     dbias = Σ_rows dy
/// Sums over rows go block by block, so they do not depend on the number of threads.
void layerNormGradient(const Call& c) {
  const int64_t rows = c.n[0], width = c.n[1], block = c.n[2], blocks = (rows + block - 1) / block;
  const float* gain = c.in(1);
  const float share = 1.0f / static_cast<float>(width);
  const int64_t grain = block * width >= GRAIN ? 1 : GRAIN / (block * (width > 0 ? width : 1));
  forEach(blocks, grain, [&](int64_t from, int64_t to) {
    for (int64_t b = from; b < to; b++) {
      float *dgain = c.out(8) + b * 2 * width, *dbias = dgain + width;
      __builtin_memset(dgain, 0, sizeof(float) * 2 * width);
      for (int64_t r = b * block; r < least(rows, (b + 1) * block); r++) {
        const float *x = c.in(0) + r * width, *dy = c.in(4) + r * width;
        const float mean = c.in(2)[r], inverse = c.in(3)[r];
        float* dx = c.out(5) + r * width;
        V total = {}, along = {};
        lanes(width, [&](int64_t i, int count) {
          const V d = get(dy + i, count), g = d * get(gain + i, count), xhat = (get(x + i, count) - mean) * inverse;
          total += g;
          along += g * xhat;
          put(dgain + i, get(dgain + i, count) + d * xhat, count);
          put(dbias + i, get(dbias + i, count) + d, count);
        });
        const float meanG = sum(total) * share, meanAlong = sum(along) * share;
        lanes(width, [&](int64_t i, int count) {
          const V xhat = (get(x + i, count) - mean) * inverse;
          put(dx + i, (get(dy + i, count) * get(gain + i, count) - meanG - xhat * meanAlong) * inverse, count);
        });
      }
    }
  });
  lanes(2 * width, [&](int64_t i, int count) {
    V total = {};
    for (int64_t b = 0; b < blocks; b++) total += get(c.in(8) + b * 2 * width + i, count);
    float lane[L];
    std::memcpy(lane, &total, sizeof total);
    for (int k = 0; k < count; k++) {
      const int64_t at = i + k;
      (at < width ? c.out(6) + at : c.out(7) + at - width)[0] = lane[k];
    }
  });
}

/// at = x, y, length; n = rows, width; x = epsilon.   y = x / max(‖x‖, epsilon), by rows.
void l2Normalise(const Call& c) {
  const int64_t rows = c.n[0], width = c.n[1];
  const float epsilon = static_cast<float>(c.x[0]);
  forEach(rows, rowsAtOnce(width), [&](int64_t from, int64_t to) {
    for (int64_t r = from; r < to; r++) {
      const float* x = c.in(0) + r * width;
      float* y = c.out(1) + r * width;
      V square = {};
      lanes(width, [&](int64_t i, int count) {
        const V v = get(x + i, count);
        square += v * v;
      });
      const float length = __builtin_sqrtf(sum(square));
      const float by = 1.0f / (length < epsilon ? epsilon : length);
      lanes(width, [&](int64_t i, int count) { put(y + i, get(x + i, count) * by, count); });
      c.out(2)[r] = length;
    }
  });
}

/// at = y, length, dy, dx; n = rows, width; x = epsilon.
/// dx = (dy − y·(y·dy)) / length, and dy / epsilon where the length is below epsilon.
void l2NormaliseGradient(const Call& c) {
  const int64_t rows = c.n[0], width = c.n[1];
  const float epsilon = static_cast<float>(c.x[0]);
  forEach(rows, rowsAtOnce(width), [&](int64_t from, int64_t to) {
    for (int64_t r = from; r < to; r++) {
      const float *y = c.in(0) + r * width, *dy = c.in(2) + r * width;
      float* dx = c.out(3) + r * width;
      const float length = c.in(1)[r];
      V along = {};
      lanes(width, [&](int64_t i, int count) { along += get(y + i, count) * get(dy + i, count); });
      const bool fixed = length < epsilon;
      const float by = 1.0f / (fixed ? epsilon : length), back = fixed ? 0.0f : sum(along);
      lanes(width, [&](int64_t i, int count) { put(dx + i, (get(dy + i, count) - get(y + i, count) * back) * by, count); });
    }
  });
}

}  // namespace
}  // namespace GYM_ISA
}  // namespace gym

using namespace gym::GYM_ISA;
GYM_KERNELS(layer_norm, {"layerNorm", layerNorm}, {"layerNormGradient", layerNormGradient},
            {"l2Normalise", l2Normalise}, {"l2NormaliseGradient", l2NormaliseGradient})
