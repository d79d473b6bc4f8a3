// Included by every file of kernels; ends with GYM_KERNELS(name, {"kernel", function}, …).
#pragma once
#include "kernel.h"
#include "threads.h"
#include "vec.h"

namespace gym {
namespace GYM_ISA {
struct Group {
  const Entry* entries;
  int count;
};
}  // namespace GYM_ISA
}  // namespace gym

#define GYM_KERNELS(name, ...)                                              \
  namespace gym {                                                           \
  namespace GYM_ISA {                                                       \
  Group name##Kernels() {                                                   \
    static const Entry entries[] = {__VA_ARGS__};                           \
    return Group{entries, static_cast<int>(sizeof entries / sizeof entries[0])}; \
  }                                                                         \
  }                                                                         \
  }
