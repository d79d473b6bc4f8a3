// Resampling with replacement: how often each row is drawn.
#include "group.h"

namespace gym {
namespace GYM_ISA {
namespace {

/// Draws mixed before they are counted: the mixing is then a loop of whole vectors.
constexpr int PIECE = 1024;

/// at = counts, one byte a row; n = rows, two key words. Draw i of `rows` is row ⌊mixed(i)·rows/2³²⌋; the same mixing, to
/// the bit, as in core/stats/bootstrap.ts. Counts are set anew. Wants no threads: replicates are what is split.
void countDraws(const Call& c) {
  auto* counts = static_cast<uint8_t*>(c.at[0]);
  const auto rows = static_cast<uint32_t>(c.n[0]);
  const auto key0 = static_cast<uint32_t>(c.n[1]), key1 = static_cast<uint32_t>(c.n[2]);
  const double scale = rows * 0x1p-32;
  uint32_t drawn[PIECE];
  std::memset(counts, 0, rows);
  for (uint32_t from = 0; from < rows; from += PIECE) {
    for (uint32_t i = 0; i < PIECE; i++) {
      uint32_t h = (from + i) ^ key0;
      h = (h ^ h >> 16) * 0x21f0aaadu;
      h += key1;
      h = (h ^ h >> 15) * 0x735a2d97u;
      drawn[i] = static_cast<uint32_t>((h ^ h >> 15) * scale);
    }
    const uint32_t size = rows - from < PIECE ? rows - from : PIECE;
    for (uint32_t i = 0; i < size; i++) counts[drawn[i]]++;
  }
}

}  // namespace
}  // namespace GYM_ISA
}  // namespace gym

using namespace gym::GYM_ISA;
GYM_KERNELS(resample, {"countDraws", countDraws})
