// The greatest of many scored rows.
#pragma once
#include <cstring>

#include "group.h"

namespace gym {
namespace GYM_ISA {
namespace {

GYM_INLINE float fromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
GYM_INLINE uint32_t toBits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

/// Score and row in one number, greater where better. Scores are never NaN and never −0.
GYM_INLINE uint64_t keyOf(float score, int32_t row) {
  const uint32_t bits = toBits(score);
  const uint32_t ordered = bits ^ (bits >> 31 ? 0xffffffffu : 0x80000000u);
  return static_cast<uint64_t>(ordered) << 32 | ~static_cast<uint32_t>(row);
}
GYM_INLINE float scoreOf(uint64_t key) {
  const uint32_t ordered = static_cast<uint32_t>(key >> 32);
  return fromBits(ordered ^ (ordered >> 31 ? 0x80000000u : 0xffffffffu));
}
GYM_INLINE int32_t rowOf(uint64_t key) { return static_cast<int32_t>(~static_cast<uint32_t>(key)); }

/// The k greatest keys, the least of them on top.
struct Heap {
  uint64_t* key;
  int count;

  /// Whether all places are taken by greater keys.
  bool beats(uint64_t k, int most) const { return count == most && key[0] > k; }

  void sink(uint64_t k) {
    int at = 0;
    for (int child = 1; child < count; child = 2 * at + 1) {
      if (child + 1 < count && key[child + 1] < key[child]) child++;
      if (key[child] >= k) break;
      key[at] = key[child];
      at = child;
    }
    key[at] = k;
  }

  void offer(uint64_t k, int most) {
    if (count == most) {
      if (k > key[0]) sink(k);
      return;
    }
    int at = count++;
    for (; at > 0 && key[(at - 1) / 2] > k; at = (at - 1) / 2) key[at] = key[(at - 1) / 2];
    key[at] = k;
  }

  uint64_t take() {
    const uint64_t least = key[0];
    const uint64_t last = key[--count];
    if (count > 0) sink(last);
    return least;
  }
};

}  // namespace
}  // namespace GYM_ISA
}  // namespace gym
