# The kernels are compiled once per instruction set, each into a static library with a namespace of its own; the addon
# holds them all and picks the best one that the processor knows when it is loaded.
{
  'variables': {
    'kernels': [
      'src/table.cc',
      'src/elementwise.cc',
      'src/matmul.cc',
      'src/dense.cc',
      'src/reduce.cc',
      'src/rows.cc',
      'src/shape.cc',
      'src/embedding.cc',
      'src/optimise.cc',
      'src/layer_norm.cc',
      'src/attention.cc',
      'src/losses.cc',
      'src/gru.cc',
      'src/scan.cc',
      'src/scan_bits.cc',
      'src/resample.cc',
      'src/sessions.cc',
    ],
  },
  'target_defaults': {
    'default_configuration': 'Release',
    'cflags': ['-Wall', '-Wextra', '-Wno-psabi', '-Wno-ignored-attributes', '-fvisibility=hidden'],
    'cflags_cc': ['-std=c++17', '-O3', '-ffp-contract=fast', '-fno-math-errno', '-fno-trapping-math'],
    'cflags_cc!': ['-std=gnu++17', '-std=gnu++20', '-fno-omit-frame-pointer'],
    'xcode_settings': {
      'CLANG_CXX_LANGUAGE_STANDARD': 'c++17',
      'GCC_OPTIMIZATION_LEVEL': '3',
      'OTHER_CPLUSPLUSFLAGS': ['-ffp-contract=fast', '-fno-math-errno', '-fno-trapping-math'],
    },
  },
  'targets': [
    {
      'target_name': 'kernels_scalar',
      'type': 'static_library',
      'sources': ['<@(kernels)'],
      'defines': ['GYM_ISA=scalar', 'GYM_LANES=1'],
    },
    {
      'target_name': 'recsys_gym_native',
      'sources': ['src/addon.cc', 'src/threads.cc'],
      'dependencies': ['kernels_scalar'],
      # Threads of the pool outlive a worker of Node that loaded the addon: never unload it.
      'ldflags': ['-Wl,-z,nodelete'],
      'conditions': [
        ['target_arch=="x64"', {'dependencies': ['kernels_avx2', 'kernels_avx512'], 'defines': ['GYM_HAS_AVX']}],
        ['target_arch=="arm64"', {'dependencies': ['kernels_neon'], 'defines': ['GYM_HAS_NEON']}],
      ],
    },
  ],
  'conditions': [
    ['target_arch=="x64"', {
      'targets': [
        {
          'target_name': 'kernels_avx2',
          'type': 'static_library',
          'sources': ['<@(kernels)'],
          'defines': ['GYM_ISA=avx2', 'GYM_LANES=8'],
          'cflags': ['-mavx2', '-mfma', '-mpopcnt', '-mbmi2', '-mtune=haswell'],
          'xcode_settings': {'OTHER_CPLUSPLUSFLAGS': ['-mavx2', '-mfma', '-mpopcnt', '-mbmi2']},
        },
        {
          'target_name': 'kernels_avx512',
          'type': 'static_library',
          'sources': ['<@(kernels)'],
          'defines': ['GYM_ISA=avx512', 'GYM_LANES=16'],
          'cflags': [
            '-mavx512f', '-mavx512bw', '-mavx512dq', '-mavx512vl', '-mfma', '-mpopcnt', '-mbmi2',
            '-mprefer-vector-width=512', '-mtune=skylake-avx512',
          ],
          'xcode_settings': {
            'OTHER_CPLUSPLUSFLAGS': ['-mavx512f', '-mavx512bw', '-mavx512dq', '-mavx512vl', '-mfma', '-mpopcnt', '-mbmi2'],
          },
        },
      ],
    }],
    ['target_arch=="arm64"', {
      'targets': [
        {
          'target_name': 'kernels_neon',
          'type': 'static_library',
          'sources': ['<@(kernels)'],
          'defines': ['GYM_ISA=neon', 'GYM_LANES=4'],
        },
      ],
    }],
  ],
}
