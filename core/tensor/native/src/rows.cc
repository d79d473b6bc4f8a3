// Functions of whole rows.
//
//   at = in, out; n = rows, width
#include "group.h"

namespace gym {
namespace GYM_ISA {
namespace {

constexpr int64_t GRAIN = 16384;

float greatestOf(const float* x, int64_t width) {
  const V low = splat(-__builtin_inff());
  V best = low;
  for (int64_t j = 0; j < width; j += L) {
    const int64_t count = least(L, width - j);
    if (count == L)
      best = max(best, load(x + j));
    else
      for (int64_t i = j; i < width; i++) best = max(best, splat(x[i]));
  }
  float top = best[0];
  for (int lane = 1; lane < L; lane++) top = best[lane] > top || best[lane] != best[lane] ? best[lane] : top;
  return top;
}

/// out = e^(x − top); returns the sum. The last, partial vector counts only its own lanes.
float exponentials(const float* x, int64_t width, float top, float* out) {
  V total = {};
  float rest = 0;
  for (int64_t j = 0; j < width; j += L) {
    const int count = static_cast<int>(least(L, width - j));
    if (count == L) {
      const V e = exp(load(x + j) - top);
      if (out != nullptr) store(out + j, e);
      total += e;
    } else {
      const V e = exp(loadPart(x + j, count) - top);
      if (out != nullptr) storePart(out + j, e, count);
      for (int i = 0; i < count; i++) rest += e[i];
    }
  }
  return sum(total) + rest;
}

template <class F>
void eachRow(const Call& c, const F& f) {
  const int64_t rows = c.n[0], width = c.n[1];
  forEach(rows, 1 + GRAIN / (width + 1), [&](int64_t from, int64_t to) {
    for (int64_t r = from; r < to; r++) f(c.in(0) + r * width, c.out(1) + r * width, width);
  });
}

/// y = e^(x − max) / Σ e^(x − max)
void softmax(const Call& c) {
  eachRow(c, [](const float* x, float* y, int64_t width) {
    const float scale = 1.0f / exponentials(x, width, greatestOf(x, width), y);
    int64_t j = 0;
    for (; j + L <= width; j += L) store(y + j, load(y + j) * scale);
    for (; j < width; j++) y[j] *= scale;
  });
}

/// y = x − max − ln Σ e^(x − max)
void logSoftmax(const Call& c) {
  eachRow(c, [](const float* x, float* y, int64_t width) {
    const float top = greatestOf(x, width);
    const float shift = top + log(splat(exponentials(x, width, top, nullptr)))[0];
    int64_t j = 0;
    for (; j + L <= width; j += L) store(y + j, load(x + j) - shift);
    for (; j < width; j++) y[j] = x[j] - shift;
  });
}

}  // namespace
}  // namespace GYM_ISA
}  // namespace gym

using namespace gym::GYM_ISA;
GYM_KERNELS(rows, {"softmax", softmax}, {"logSoftmax", logSoftmax})
