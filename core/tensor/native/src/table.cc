// All kernels of one instruction set in one list.
#include "kernel.h"

namespace gym {
namespace GYM_ISA {

/// A group is what one source file offers.
struct Group {
  const Entry* entries;
  int count;
};
#define GYM_GROUP(name) Group name##Kernels();
#include "groups.inc"
#undef GYM_GROUP

Table table() {
  static Entry all[512];
  static int count = 0;
  if (count == 0) {
    int n = 0;
    const Group groups[] = {
#define GYM_GROUP(name) name##Kernels(),
#include "groups.inc"
#undef GYM_GROUP
    };
    for (const Group& group : groups)
      for (int i = 0; i < group.count; i++) all[n++] = group.entries[i];
    count = n;
  }
  return Table{all, count};
}

}  // namespace GYM_ISA
}  // namespace gym
