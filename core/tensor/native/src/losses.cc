// Cross-entropies from logits, and their gradients.
//
// Sums over rows are taken in a fixed order: in blocks of BLOCK numbers, or row by row.
#include "group.h"

namespace gym {
namespace GYM_ISA {
namespace {

/// Numbers that are summed together. `cross-entropy.ts` knows it too.
constexpr int64_t BLOCK = 4096;
/// Logits that a thread takes at once.
constexpr int64_t GRAIN = 16384;

GYM_INLINE VI getWhole(const int32_t* p, int count) {
  VI v = {};
  std::memcpy(&v, p, sizeof(int32_t) * count);
  return v;
}

/// at = logits, labels, weights, loss [1], total weight [1], sums (scratch, [2·blocks]); n = count, has weights?
/// loss = Σ w·(max(z, 0) − z·y + ln(1 + e^−|z|)) / Σ w
void sigmoidLoss(const Call& c) {
  const float *z = c.in(0), *y = c.in(1), *w = c.n[1] ? c.in(2) : nullptr;
  const int64_t count = c.n[0], blocks = (count + BLOCK - 1) / BLOCK;
  const VI lane = counting();
  float* sums = c.out(5);
  forEach(count, BLOCK, [&](int64_t from, int64_t to) {
    V loss = {}, weight = {};
    lanes(from, to, [&](int64_t i, int part) {
      const V logit = get(z + i, part);
      const V one = pick(lane < splati(part), splat(1.0f), V{}), by = w == nullptr ? one : get(w + i, part);
      const V row = max(logit, V{}) - logit * get(y + i, part) + log1p(exp(-abs(logit)));
      loss += pick(one > V{}, row * by, V{});
      weight += by;
    });
    sums[from / BLOCK * 2] = sum(loss);
    sums[from / BLOCK * 2 + 1] = sum(weight);
  });
  double loss = 0, weight = 0;
  for (int64_t b = 0; b < blocks; b++) {
    loss += sums[2 * b];
    weight += sums[2 * b + 1];
  }
  c.out(3)[0] = static_cast<float>(loss / weight);
  c.out(4)[0] = static_cast<float>(weight);
}

/// at = logits, labels, weights, total weight [1], dy [1], dlogits; n = count, has weights?
/// dz = dy·w/Σw·(σ(z) − y)
void sigmoidLossGradient(const Call& c) {
  const float *z = c.in(0), *y = c.in(1), *w = c.n[1] ? c.in(2) : nullptr;
  const float by = c.in(4)[0] / c.in(3)[0];
  float* dz = c.out(5);
  forEach(c.n[0], BLOCK, [&](int64_t from, int64_t to) {
    lanes(from, to, [&](int64_t i, int part) {
      const V d = (sigmoid(get(z + i, part)) - get(y + i, part)) * by;
      put(dz + i, w == nullptr ? d : d * get(w + i, part), part);
    });
  });
}

/// One row of a softmax; null where an option is not given.
struct Row {
  const float *logits, *offset;
  const int32_t *blocked, *columnIds;
  int32_t id, label;
  float scale;
};

/// Numbers j … j + count that go into the softmax; −∞ where blocked (never the label) and in other lanes.
template <bool MASKED>
GYM_INLINE V scores(const Row& row, int64_t j, int count, VI lane) {
  const V none = splat(-__builtin_inff());
  V s = get(row.logits + j, count) * row.scale;
  if (row.offset != nullptr) s = s + get(row.offset + j, count);
  if (MASKED) {
    VI hit = {};
    if (row.blocked != nullptr) hit = hit | (getWhole(row.blocked + j, count) != 0);
    if (row.columnIds != nullptr) hit = hit | (getWhole(row.columnIds + j, count) == splati(row.id));
    s = pick(hit & (lane + static_cast<int32_t>(j) != splati(row.label)), none, s);
  }
  return count == L ? s : pick(lane < splati(count), s, none);
}

/// Operands of softmaxLoss.
struct Rows {
  int64_t count, columns;
  float scale;
  const float *logits, *weights, *offset;
  const int32_t *labels, *blocked, *rowIds, *columnIds;

  explicit Rows(const Call& c)
      : count(c.n[0]), columns(c.n[1]), scale(static_cast<float>(c.x[0])), logits(c.in(0)),
        weights(c.n[2] ? c.in(2) : nullptr), offset(c.n[3] ? c.in(3) : nullptr), labels(c.ids(1)),
        blocked(c.n[4] ? c.ids(4) : nullptr), rowIds(c.ids(5)), columnIds(c.n[5] ? c.ids(6) : nullptr) {}

  bool masked() const { return blocked != nullptr || columnIds != nullptr; }
  float weight(int64_t r) const { return labels[r] < 0 ? 0.0f : weights == nullptr ? 1.0f : weights[r]; }
  Row row(int64_t r) const {
    const int32_t* block = blocked == nullptr ? nullptr : blocked + r * columns;
    return Row{logits + r * columns, offset, block, columnIds, columnIds == nullptr ? 0 : rowIds[r], labels[r], scale};
  }

  /// Whether every label is −1 or a column; complains otherwise.
  bool sound() const {
    for (int64_t r = 0; r < count; r++) {
      if (labels[r] >= -1 && labels[r] < columns) continue;
      complain("softmax cross-entropy: expected labels from -1 to %d, received %d in row %d",
               static_cast<int>(columns) - 1, labels[r], static_cast<int>(r));
      return false;
    }
    return true;
  }
};

int64_t rowsAtOnce(int64_t columns) { return 1 + GRAIN / (columns + 1); }

/// out = e^(score − greatest) over one row; returns the sum, and the greatest score in *high.
template <bool MASKED>
float exponentials(const Row& row, int64_t columns, VI lane, float* out, float* high) {
  V top = splat(-__builtin_inff()), total = {};
  lanes(0, columns, [&](int64_t j, int count) {
    const V s = scores<MASKED>(row, j, count, lane);
    top = pick(s > top, s, top);
  });
  const float most = greatest(top);
  lanes(0, columns, [&](int64_t j, int count) {
    const V e = exp(scores<MASKED>(row, j, count, lane) - most);
    total += e;
    put(out + j, e, count);
  });
  *high = most;
  return sum(total);
}

/// at = logits [N, C], labels (int32), weights [N], offset [C], blocked (int32, [N, C]), row ids (int32), column ids
/// (int32), loss [1], exponentials [N, C], their sums [N], total weight [1], scratch [2·N];
/// n = N, C, has weights?, has offset?, has blocked?, has ids?; x = scale.
/// With s = scale·z + offset:  loss = Σ_n w_n·(ln Σ_j e^s_nj − s_n,label) / Σ_n w_n. A label of −1 weighs nothing.
/// The exponentials, of s less its greatest, are kept for the gradient.
void softmaxLoss(const Call& c) {
  const Rows of(c);
  if (!of.sound()) return;
  const VI lane = counting();
  const int64_t C = of.columns;
  float *exps = c.out(8), *sums = c.out(9), *highs = c.out(11), *losses = c.out(11) + of.count;
  forEach(of.count, rowsAtOnce(C), [&](int64_t from, int64_t to) {
    for (int64_t r = from; r < to; r++) {
      float* out = exps + r * C;
      highs[r] = 0;
      sums[r] = 1;
      if (of.labels[r] < 0)
        std::memset(out, 0, sizeof(float) * C);
      else
        sums[r] = of.masked() ? exponentials<true>(of.row(r), C, lane, out, highs + r)
                              : exponentials<false>(of.row(r), C, lane, out, highs + r);
    }
    lanes(from, to, [&](int64_t r, int count) { put(losses + r, log(get(sums + r, count)), count); });
    for (int64_t r = from; r < to; r++) {
      const int64_t label = of.labels[r];
      if (label < 0) continue;
      const float score = of.logits[r * C + label] * of.scale + (of.offset == nullptr ? 0.0f : of.offset[label]);
      losses[r] = of.weight(r) * (highs[r] - score + losses[r]);
    }
  });
  double loss = 0, weight = 0;
  for (int64_t r = 0; r < of.count; r++) {
    loss += losses[r];
    weight += of.weight(r);
  }
  c.out(7)[0] = weight == 0 ? 0.0f : static_cast<float>(loss / weight);
  c.out(10)[0] = static_cast<float>(weight);
}

/// at = exponentials [N, C], their sums [N], total weight [1], labels (int32), weights [N], dy [1], dlogits [N, C];
/// n = N, C, has weights?; x = scale.
/// dz_nj = dy·w_n/Σw·scale·(softmax_j(s_n) − [j = label])
void softmaxLossGradient(const Call& c) {
  const int64_t C = c.n[1];
  const float *sums = c.in(1), total = c.in(2)[0], *weights = c.n[2] ? c.in(4) : nullptr;
  const float by = c.in(5)[0] * static_cast<float>(c.x[0]) / (total == 0 ? 1.0f : total);
  const int32_t* labels = c.ids(3);
  forEach(c.n[0], rowsAtOnce(C), [&](int64_t from, int64_t to) {
    for (int64_t r = from; r < to; r++) {
      const float* exps = c.in(0) + r * C;
      float* out = c.out(6) + r * C;
      const float own = labels[r] < 0 ? 0.0f : weights == nullptr ? by : by * weights[r], share = own / sums[r];
      lanes(0, C, [&](int64_t j, int count) { put(out + j, get(exps + j, count) * share, count); });
      if (labels[r] >= 0) out[labels[r]] -= own;
    }
  });
}

}  // namespace
}  // namespace GYM_ISA
}  // namespace gym

using namespace gym::GYM_ISA;
GYM_KERNELS(losses, {"sigmoidLoss", sigmoidLoss}, {"sigmoidLossGradient", sigmoidLossGradient},
            {"softmaxLoss", softmaxLoss}, {"softmaxLossGradient", softmaxLossGradient})
