# The native addons. main/setup/addons.mjs builds them with node-gyp into build/Release, against the
# TensorFlow that build/tensorflow links to. Paths are relative because make cannot handle spaces in
# absolute ones.
{
  'target_defaults': {
    'defines': ['NAPI_VERSION=8'],
    'cflags!': ['-fno-omit-frame-pointer', '-Wall', '-Wextra'],
    'cflags_cc!': ['-std=gnu++20', '-fno-rtti', '-fno-exceptions', '-fno-strict-aliasing'],
    'cflags_cc': ['-std=c++17'],
    'xcode_settings': {
      'CLANG_CXX_LANGUAGE_STANDARD': 'c++17',
      'GCC_ENABLE_CPP_EXCEPTIONS': 'YES',
      'GCC_ENABLE_CPP_RTTI': 'YES',
    },
    'target_conditions': [
      # The rpath finds TensorFlow at load time in a checkout and in the packaged application.
      ['tensorflow==1', {
        'include_dirs': ['build/tensorflow/include'],
        'conditions': [
          ['OS=="linux"', {
            'library_dirs': ['build/tensorflow/lib'],
            'libraries': ['-ltensorflow', '-ltensorflow_framework', "-Wl,-rpath,'$$ORIGIN/../tensorflow/lib'"],
          }],
          ['OS=="mac"', {
            'library_dirs': ['build/tensorflow/lib'],
            'libraries': ['-ltensorflow', '-ltensorflow_framework', '-Wl,-rpath,@loader_path/../tensorflow/lib'],
          }],
        ],
      }],
      # Exports only the addon's entry point, since the rest of its code may need a newer processor.
      ['hidden==1', {
        'cflags': ['-fvisibility=hidden'],
        'cflags_cc': ['-fvisibility-inlines-hidden'],
        'xcode_settings': {'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES'},
      }],
    ],
  },
  'targets': [
    {
      # The addon of @tensorflow/tfjs-node-gpu, with session options from session-options.cc.
      'target_name': 'tfjs_binding',
      'variables': {'tensorflow': 1, 'hidden': 0},
      'defines': ['TF_NewSessionOptions=karstSessionOptions'],
      'sources': [
        'node_modules/@tensorflow/tfjs-node-gpu/binding/tfjs_backend.cc',
        'node_modules/@tensorflow/tfjs-node-gpu/binding/tfjs_binding.cc',
        'main/native-ops/session-options.cc',
      ],
    },
    {
      'target_name': 'karst_pixels',
      'variables': {'tensorflow': 0, 'hidden': 1},
      # No fused multiply-add, so that the weights equal those of the JavaScript implementation.
      'cflags': ['-ffp-contract=off'],
      'xcode_settings': {'OTHER_CFLAGS': ['-ffp-contract=off']},
      'sources': [
        'main/native-ops/pixels/addon.cc',
        'main/native-ops/pixels/passes.cc',
        'main/native-ops/pixels/resample.cc',
      ],
    },
  ],
  'variables': {
    'kernels': [
      'main/native-ops/kernels/addon.cc',
      'main/native-ops/kernels/attention.cc',
      'main/native-ops/kernels/calls.cc',
      'main/native-ops/kernels/split-k-matmul.cc',
      'main/native-ops/kernels/gelu.cc',
      'main/native-ops/kernels/kronecker.cc',
      'main/native-ops/kernels/layer-norm.cc',
      'main/native-ops/kernels/matmul.cc',
      'main/native-ops/kernels/mix.cc',
      'main/native-ops/kernels/self-check.cc',
      'main/native-ops/kernels/trial.cc',
    ],
  },
  # The kernels, compiled from the same sources for each ISA.
  'conditions': [
    ['OS=="linux" and target_arch=="x64"', {
      'targets': [
        {
          'target_name': 'karst_kernels_amx',
          'variables': {'tensorflow': 1, 'hidden': 1},
          'cflags': ['-mavx512f', '-mavx512bw', '-mavx512bf16', '-mamx-tile', '-mamx-bf16'],
          'sources': ['<@(kernels)'],
        },
        {
          'target_name': 'karst_kernels_avx512',
          'variables': {'tensorflow': 1, 'hidden': 1},
          'cflags': ['-mavx512f', '-mfma'],
          'sources': ['<@(kernels)'],
        },
        {
          'target_name': 'karst_kernels_avx2',
          'variables': {'tensorflow': 1, 'hidden': 1},
          'cflags': ['-mavx2', '-mfma'],
          'sources': ['<@(kernels)'],
        },
      ],
    }],
    # Written and not run on such a system. Windows has none: the TensorFlow of its addon exports the
    # C interface alone, through which XLA cannot be told of a kernel.
    ['(OS=="linux" or OS=="mac") and target_arch=="arm64"', {
      'targets': [
        {
          'target_name': 'karst_kernels_neon',
          'variables': {'tensorflow': 1, 'hidden': 1},
          # NEON is part of every arm64 processor, and on macOS compilers take it without a flag.
          'cflags': ['-march=armv8-a'],
          'sources': ['<@(kernels)'],
        },
      ],
    }],
  ],
}
