// Moving numbers: strided copies (transpose, slice, concat, tile, pad), rows by index, sums by index, largest of a row.
#include "group.h"

namespace gym {
namespace GYM_ISA {
namespace {

constexpr int64_t GRAIN = 32768;
constexpr int MOST_AXES = 8;

/// Two innermost axes: the out runs along the last one, the in along the one before. In squares that fit the cache.
void turned(const int32_t* in, int32_t* out, int64_t rows, int64_t columns, int64_t inColumn, int64_t outRow) {
  constexpr int64_t EDGE = 16;
  for (int64_t r0 = 0; r0 < rows; r0 += EDGE) {
    for (int64_t c0 = 0; c0 < columns; c0 += EDGE) {
      const int64_t r1 = least(r0 + EDGE, rows), c1 = least(c0 + EDGE, columns);
      for (int64_t r = r0; r < r1; r++)
        for (int64_t c = c0; c < c1; c++) out[r * outRow + c] = in[r + c * inColumn];
    }
  }
}

/// at = in, out, both of four-byte numbers; n = rank, sizes[rank], strides of in[rank], strides of out[rank], first place
/// in in, first place in out. The last stride of out is 1.
void copy(const Call& c) {
  const int rank = c.n[0];
  const int32_t *size = c.n + 1, *si = size + rank, *so = si + rank;
  const int32_t* in = c.ids(0) + so[rank];
  int32_t* out = static_cast<int32_t*>(c.at[1]) + so[rank + 1];
  if (rank == 0) {
    out[0] = in[0];
    return;
  }
  const bool turns = rank >= 2 && si[rank - 1] != 1 && si[rank - 2] == 1;
  const int inside = turns ? 2 : 1, axes = rank - inside;
  const int64_t inner = size[rank - 1], step = si[rank - 1];
  int64_t outer = 1;
  for (int k = 0; k < axes; k++) outer *= size[k];
  const int64_t block = inner * (turns ? size[rank - 2] : 1);
  forEach(outer, 1 + GRAIN / (block + 1), [&](int64_t from, int64_t to) {
    int32_t at[MOST_AXES] = {};
    int64_t rest = from, pi = 0, po = 0;
    for (int k = axes - 1; k >= 0; k--) {
      at[k] = static_cast<int32_t>(rest % size[k]);
      rest /= size[k];
      pi += static_cast<int64_t>(at[k]) * si[k];
      po += static_cast<int64_t>(at[k]) * so[k];
    }
    for (int64_t r = from; r < to; r++) {
      if (turns) {
        turned(in + pi, out + po, size[rank - 2], inner, step, so[rank - 2]);
      } else if (step == 1) {
        std::memcpy(out + po, in + pi, inner * sizeof(int32_t));
      } else {
        for (int64_t i = 0; i < inner; i++) out[po + i] = in[pi + i * step];
      }
      for (int k = axes - 1; k >= 0; k--) {
        pi += si[k];
        po += so[k];
        if (++at[k] < size[k]) break;
        pi -= static_cast<int64_t>(at[k]) * si[k];
        po -= static_cast<int64_t>(at[k]) * so[k];
        at[k] = 0;
      }
    }
  });
}

/// In tfjs's own words.
bool within(const int32_t* ids, int64_t count, int32_t limit) {
  for (int64_t i = 0; i < count; i++) {
    if (ids[i] < 0 || ids[i] >= limit) {
      complain("GatherV2: the index value %d is not in [0, %d]", ids[i], limit - 1);
      return false;
    }
  }
  return true;
}

/// at = table, ids, out; n = outer, rows, width, count. out[o, i, :] = table[o, ids[i], :].
void gather(const Call& c) {
  const int64_t outer = c.n[0], rows = c.n[1], width = c.n[2], count = c.n[3];
  const int32_t* ids = c.ids(1);
  if (!within(ids, count, c.n[1])) return;
  const float* table = c.in(0);
  float* out = c.out(2);
  forEach(outer * count, 1 + GRAIN / (width + 1), [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i++)
      std::memcpy(out + i * width, table + (i / count * rows + ids[i % count]) * width, width * sizeof(float));
  });
}

/// at = x, ids, out; n = count, width, segments. out[s, :] = Σ x[i, :] over ids[i] = s; negative ids are left out. Cut by
/// columns, so that every sum is taken in the order of i.
void segmentSum(const Call& c) {
  const int64_t count = c.n[0], width = c.n[1], segments = c.n[2];
  const int32_t* ids = c.ids(1);
  for (int64_t i = 0; i < count; i++) {
    if (ids[i] >= segments) {
      complain("segment sum: expected indices below %lld, received %d", static_cast<long long>(segments), ids[i]);
      return;
    }
  }
  float* out = c.out(2);
  std::memset(out, 0, segments * width * sizeof(float));
  forEach(width, count * width < 4 * GRAIN ? width : 4 * L, [&](int64_t from, int64_t to) {
    for (int64_t i = 0; i < count; i++) {
      if (ids[i] < 0) continue;
      const float* x = c.in(0) + i * width;
      float* y = out + ids[i] * width;
      int64_t j = from;
      for (; j + L <= to; j += L) store(y + j, load(y + j) + load(x + j));
      for (; j < to; j++) y[j] += x[j];
    }
  });
}

/// at = ids, out; n = count, depth; x = on, off. Indices outside [0, depth) give a row of off.
void oneHot(const Call& c) {
  const int64_t count = c.n[0], depth = c.n[1];
  const int32_t* ids = c.ids(0);
  float* out = c.out(1);
  const float on = static_cast<float>(c.x[0]), off = static_cast<float>(c.x[1]);
  for (int64_t i = 0; i < count * depth; i++) out[i] = off;
  for (int64_t i = 0; i < count; i++)
    if (ids[i] >= 0 && ids[i] < depth) out[i * depth + ids[i]] = on;
}

/// at = in, values, indices; n = rows, width, k. The k largest of each row, largest first; ties go to the lower index.
void topK(const Call& c) {
  const int64_t rows = c.n[0], width = c.n[1], k = c.n[2];
  if (k == 0) return;
  forEach(rows, 1 + GRAIN / (width + 1), [&](int64_t from, int64_t to) {
    for (int64_t r = from; r < to; r++) {
      const float* x = c.in(0) + r * width;
      float* best = c.out(1) + r * k;
      int32_t* place = static_cast<int32_t*>(c.at[2]) + r * k;
      int64_t held = 0;
      for (int64_t j = 0; j < width; j++) {
        if (held == k && !(x[j] > best[k - 1])) continue;
        int64_t at = held < k ? held++ : k - 1;
        for (; at > 0 && x[j] > best[at - 1]; at--) {
          best[at] = best[at - 1];
          place[at] = place[at - 1];
        }
        best[at] = x[j];
        place[at] = static_cast<int32_t>(j);
      }
    }
  });
}

}  // namespace
}  // namespace GYM_ISA
}  // namespace gym

using namespace gym::GYM_ISA;
GYM_KERNELS(shape, {"copy", copy}, {"gather", gather}, {"segmentSum", segmentSum}, {"oneHot", oneHot}, {"topK", topK})
