// The door between JavaScript and the kernels (Node-API, no other dependency).
//
//   kernels()                     names of the kernels; a kernel's place in the list is its code
//   instructionSets()             those this processor knows, best first;  useInstructionSet(name)  switches
//   threads([n])                  how many threads large work may use
//   large(array)                  asks the system for large pages under an array that nobody has written to yet
//   share(ints, reals)            the two arrays through which run() receives whole and real numbers
//   run(code, ...arrays)          one kernel call on typed arrays, nothing copied
//   program(words, reals, arrays) a list of calls on fixed memory;  replay(program)  runs it
//
// words of a program: for each call  code, operands, ints, reals (counts), then (array, byte offset) per operand, then the
// ints; the reals lie in order in `reals`.
#include <node_api.h>

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "kernel.h"
#include "threads.h"

namespace gym {

namespace scalar { Table table(); }
#ifdef GYM_HAS_AVX
namespace avx2 { Table table(); }
namespace avx512 { Table table(); }
#endif
#ifdef GYM_HAS_NEON
namespace neon { Table table(); }
#endif

namespace {

struct InstructionSet {
  const char* name;
  Table table;
};

std::vector<InstructionSet> known() {
  std::vector<InstructionSet> sets;
#ifdef GYM_HAS_AVX
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    sets.push_back({"avx512", avx512::table()});
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) sets.push_back({"avx2", avx2::table()});
#endif
#ifdef GYM_HAS_NEON
  sets.push_back({"neon", neon::table()});
#endif
  sets.push_back({"scalar", scalar::table()});
  return sets;
}

thread_local char complaint[256] = "";
constexpr int MOST_OPERANDS = 64;

/// What one Node environment (the main thread or a worker) holds.
struct Door {
  std::vector<InstructionSet> sets = known();
  size_t chosen = 0;
  int32_t* ints = nullptr;
  double* reals = nullptr;
  napi_ref kept[2] = {nullptr, nullptr};
};

struct Step {
  int code;
  Call call;
};

struct Program {
  std::vector<Step> steps;
  std::vector<void*> operands;
  std::vector<int32_t> ints;
  std::vector<double> reals;
};

napi_value fail(napi_env env, const char* message) {
  napi_throw_error(env, "NATIVE", message);
  return nullptr;
}

Door* doorOf(napi_env env) {
  void* door = nullptr;
  napi_get_instance_data(env, &door);
  return static_cast<Door*>(door);
}

/// Memory and bytes of a typed array or array buffer.
bool memoryOf(napi_env env, napi_value value, void** memory, size_t* bytes) {
  napi_typedarray_type type;
  size_t length = 0;
  if (napi_get_typedarray_info(env, value, &type, &length, memory, nullptr, nullptr) == napi_ok) {
    const size_t width = type == napi_float64_array ? 8
                         : type == napi_int8_array || type == napi_uint8_array || type == napi_uint8_clamped_array ? 1
                         : type == napi_int16_array || type == napi_uint16_array                                     ? 2
                         : type == napi_bigint64_array || type == napi_biguint64_array                               ? 8
                                                                                                                     : 4;
    *bytes = length * width;
    return true;
  }
  return napi_get_arraybuffer_info(env, value, memory, bytes) == napi_ok;
}

/// Arrays of no bytes have no address; kernels are promised one.
void* somewhere(void* memory) {
  static double nothing[8] = {};
  return memory == nullptr ? nothing : memory;
}

napi_value tookComplaint(napi_env env) {
  if (complaint[0] == 0) return nullptr;
  char text[256];
  std::memcpy(text, complaint, sizeof text);
  complaint[0] = 0;
  return fail(env, text);
}

napi_value kernels(napi_env env, napi_callback_info) {
  const Table table = doorOf(env)->sets[0].table;
  napi_value list;
  napi_create_array_with_length(env, table.count, &list);
  for (int i = 0; i < table.count; i++) {
    napi_value name;
    napi_create_string_utf8(env, table.entries[i].name, NAPI_AUTO_LENGTH, &name);
    napi_set_element(env, list, i, name);
  }
  return list;
}

napi_value instructionSets(napi_env env, napi_callback_info) {
  const auto& sets = doorOf(env)->sets;
  napi_value list;
  napi_create_array_with_length(env, sets.size(), &list);
  for (size_t i = 0; i < sets.size(); i++) {
    napi_value name;
    napi_create_string_utf8(env, sets[i].name, NAPI_AUTO_LENGTH, &name);
    napi_set_element(env, list, i, name);
  }
  return list;
}

napi_value useInstructionSet(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  char name[32] = "";
  napi_get_value_string_utf8(env, argument, name, sizeof name, nullptr);
  Door* door = doorOf(env);
  for (size_t i = 0; i < door->sets.size(); i++) {
    if (std::strcmp(door->sets[i].name, name) == 0) {
      door->chosen = i;
      return nullptr;
    }
  }
  return fail(env, "this processor does not know that instruction set");
}

napi_value threadCount(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  int32_t wanted = 0;
  if (count == 1 && napi_get_value_int32(env, argument, &wanted) == napi_ok) setThreads(wanted);
  napi_value result;
  napi_create_int32(env, threads(), &result);
  return result;
}

napi_value large(napi_env env, napi_callback_info info) {
  size_t count = 1, bytes = 0;
  napi_value argument;
  void* at = nullptr;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  if (count != 1 || !memoryOf(env, argument, &at, &bytes)) return fail(env, "large: expected a typed array");
#ifdef MADV_HUGEPAGE
  // Whole pages only. It is advice: where the system does not follow it nothing is lost.
  const uintptr_t page = 4096, from = (reinterpret_cast<uintptr_t>(at) + page - 1) / page * page;
  const uintptr_t to = (reinterpret_cast<uintptr_t>(at) + bytes) / page * page;
  if (to > from) madvise(reinterpret_cast<void*>(from), to - from, MADV_HUGEPAGE);
#endif
  return nullptr;
}

napi_value share(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  Door* door = doorOf(env);
  void *ints, *reals;
  size_t bytes;
  if (count != 2 || !memoryOf(env, arguments[0], &ints, &bytes) || !memoryOf(env, arguments[1], &reals, &bytes)) {
    return fail(env, "share: expected an Int32Array and a Float64Array");
  }
  for (int i = 0; i < 2; i++) {
    if (door->kept[i] != nullptr) napi_delete_reference(env, door->kept[i]);
    napi_create_reference(env, arguments[i], 1, &door->kept[i]);
  }
  door->ints = static_cast<int32_t*>(ints);
  door->reals = static_cast<double*>(reals);
  return nullptr;
}

napi_value run(napi_env env, napi_callback_info info) {
  size_t count = MOST_OPERANDS + 1;
  napi_value arguments[MOST_OPERANDS + 1];
  void* data;
  napi_get_cb_info(env, info, &count, arguments, nullptr, &data);
  const Door* door = static_cast<Door*>(data);
  int32_t code = -1;
  napi_get_value_int32(env, arguments[0], &code);
  const Table& table = door->sets[door->chosen].table;
  if (code < 0 || code >= table.count || count > MOST_OPERANDS) return fail(env, "run: no such kernel");
  void* operands[MOST_OPERANDS];
  for (size_t i = 1; i < count; i++) {
    size_t bytes;
    if (!memoryOf(env, arguments[i], &operands[i - 1], &bytes)) return fail(env, "run: expected typed arrays");
    operands[i - 1] = somewhere(operands[i - 1]);
  }
  table.entries[code].kernel(Call{operands, door->ints, door->reals});
  return tookComplaint(env);
}

napi_value program(napi_env env, napi_callback_info info) {
  size_t count = 3;
  napi_value arguments[3];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  void *wordsAt, *realsAt;
  size_t wordBytes, realBytes;
  uint32_t arrays = 0;
  if (count != 3 || !memoryOf(env, arguments[0], &wordsAt, &wordBytes) ||
      !memoryOf(env, arguments[1], &realsAt, &realBytes) ||
      napi_get_array_length(env, arguments[2], &arrays) != napi_ok) {
    return fail(env, "program: expected words, reals and arrays");
  }
  std::vector<char*> memory(arrays);
  std::vector<size_t> sizes(arrays);
  for (uint32_t i = 0; i < arrays; i++) {
    napi_value array;
    void* at;
    napi_get_element(env, arguments[2], i, &array);
    if (!memoryOf(env, array, &at, &sizes[i])) return fail(env, "program: expected typed arrays");
    memory[i] = static_cast<char*>(somewhere(at));
  }
  const Table& table = doorOf(env)->sets[0].table;
  const int32_t* word = static_cast<int32_t*>(wordsAt);
  const int32_t* end = word + wordBytes / 4;
  auto* made = new Program();
  made->reals.assign(static_cast<double*>(realsAt), static_cast<double*>(realsAt) + realBytes / 8);
  struct Place {
    size_t operand, whole, real;
  };
  std::vector<Place> places;
  size_t real = 0;
  bool sound = true;
  while (sound && word + 4 <= end) {
    const int32_t code = word[0], operands = word[1], ints = word[2], reals = word[3];
    word += 4;
    sound = code >= 0 && code < table.count && operands >= 0 && ints >= 0 && reals >= 0 &&
            word + 2 * static_cast<int64_t>(operands) + ints <= end && real + reals <= made->reals.size();
    if (!sound) break;
    places.push_back({made->operands.size(), made->ints.size(), real});
    made->steps.push_back({code, {}});
    for (int i = 0; i < operands; i++, word += 2) {
      sound = sound && word[0] >= 0 && static_cast<uint32_t>(word[0]) < arrays && word[1] >= 0 &&
              static_cast<size_t>(word[1]) <= sizes[word[0]];
      if (sound) made->operands.push_back(memory[word[0]] + word[1]);
    }
    made->ints.insert(made->ints.end(), word, word + ints);
    word += ints;
    real += reals;
  }
  if (!sound || word != end) {
    delete made;
    return fail(env, "program: malformed words");
  }
  for (size_t i = 0; i < made->steps.size(); i++) {
    made->steps[i].call = Call{made->operands.data() + places[i].operand, made->ints.data() + places[i].whole,
                               made->reals.data() + places[i].real};
  }
  napi_value handle;
  napi_create_external(
      env, made, [](napi_env, void* data, void*) { delete static_cast<Program*>(data); }, nullptr, &handle);
  return handle;
}

napi_value replay(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  void* data;
  napi_get_cb_info(env, info, &count, &argument, nullptr, &data);
  void* at = nullptr;
  if (count != 1 || napi_get_value_external(env, argument, &at) != napi_ok) return fail(env, "replay: no program");
  const Door* door = static_cast<Door*>(data);
  const Entry* entries = door->sets[door->chosen].table.entries;
  for (const Step& step : static_cast<Program*>(at)->steps) {
    entries[step.code].kernel(step.call);
    if (complaint[0] != 0) break;  // what follows would work on numbers that were never written
  }
  return tookComplaint(env);
}

napi_value start(napi_env env, napi_value exports) {
  auto* door = new Door();
  napi_set_instance_data(
      env, door, [](napi_env, void* data, void*) { delete static_cast<Door*>(data); }, nullptr);
  const struct {
    const char* name;
    napi_callback call;
  } functions[] = {{"kernels", kernels}, {"instructionSets", instructionSets}, {"useInstructionSet", useInstructionSet},
                   {"threads", threadCount}, {"large", large}, {"share", share}, {"run", run}, {"program", program}, {"replay", replay}};
  for (const auto& function : functions) {
    napi_value value;
    napi_create_function(env, function.name, NAPI_AUTO_LENGTH, function.call, door, &value);
    napi_set_named_property(env, exports, function.name, value);
  }
  return exports;
}

}  // namespace

void complain(const char* format, ...) {
  if (complaint[0] != 0) return;
  va_list rest;
  va_start(rest, format);
  std::vsnprintf(complaint, sizeof complaint, format, rest);
  va_end(rest);
}

}  // namespace gym

NAPI_MODULE_INIT() { return gym::start(env, exports); }
