// What a kernel is. A kernel works on raw operands and knows no tensor; everything it needs comes in one `Call`, so that
// a recorded program is a plain list of calls.
#pragma once
#include <cstddef>
#include <cstdint>

namespace gym {

struct Call {
  /// Operands, inputs first and then outputs, in the order that the kernel's comment gives. Never null.
  void* const* at;
  /// Whole numbers: sizes, strides, switches.
  const int32_t* n;
  /// Real numbers: slopes, limits.
  const double* x;

  const float* in(int i) const { return static_cast<const float*>(at[i]); }
  float* out(int i) const { return static_cast<float*>(at[i]); }
  const int32_t* ids(int i) const { return static_cast<const int32_t*>(at[i]); }
};

using Kernel = void (*)(const Call&);

struct Entry {
  const char* name;
  Kernel kernel;
};

/// The kernels of one instruction set; the same names in the same order for each.
struct Table {
  const Entry* entries;
  int count;
};

/// Says that the operands were unusable (an index outside its table). The caller of the kernel turns it into an error.
/// Keeps the first message until it is taken.
void complain(const char* format, ...) __attribute__((format(printf, 1, 2)));

}  // namespace gym
