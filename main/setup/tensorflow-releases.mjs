/**
 * The engine's TensorFlow, taken from the wheels on PyPI: current versions of libtensorflow are not
 * published, but the wheels contain the same C interface in libtensorflow_cc. The library does not
 * depend on the Python version, so one wheel (for CPython 3.11) is pinned per platform.
 */
export const TENSORFLOW_VERSION = '2.21.0';

/**
 * @typedef {object} Wheel
 * @property {string} project name on PyPI
 * @property {string} version
 * @property {string} file name of the wheel
 * @property {string} platformTag for `pip download --platform`
 * @property {string} sha256
 * @property {number} size in bytes, for progress
 */

/**
 * @typedef {object} Release
 * @property {string} id of the installed folder
 * @property {readonly Wheel[]} wheels TensorFlow first, then CUDA's libraries
 * @property {boolean} verified whether the project has run on it
 */

/** @import { Variant } from '../platform/tensorflow-variant.mjs' */

/** Required by TensorFlow's extra `[and-cuda]`; 3.4 GB to download including TensorFlow. */
const CUDA_WHEELS = [
  wheel(
    'nvidia_cublas_cu12-12.9.3.13-py3-none-manylinux_2_27_x86_64.whl',
    'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72',
    581_217_458,
  ),
  wheel(
    'nvidia_cuda_cupti_cu12-12.9.79-py3-none-manylinux_2_25_x86_64.whl',
    '096bcf334f13e1984ba36685ad4c1d6347db214de03dbb6eebb237b41d9d934f',
    10_814_997,
  ),
  wheel(
    'nvidia_cuda_nvcc_cu12-12.9.86-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
    '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0',
    40_546_229,
  ),
  wheel(
    'nvidia_cuda_nvrtc_cu12-12.9.86-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
    '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4',
    89_568_129,
  ),
  wheel(
    'nvidia_cuda_runtime_cu12-12.9.79-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3',
    3_493_179,
  ),
  wheel(
    'nvidia_cudnn_cu12-9.28.0.42-py3-none-manylinux_2_27_x86_64.whl',
    '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375',
    716_538_495,
  ),
  wheel(
    'nvidia_cufft_cu12-11.4.1.4-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28',
    200_877_592,
  ),
  wheel(
    'nvidia_curand_cu12-10.3.10.19-py3-none-manylinux_2_27_x86_64.whl',
    '49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e',
    68_295_626,
  ),
  wheel(
    'nvidia_cusolver_cu12-11.7.5.82-py3-none-manylinux_2_27_x86_64.whl',
    '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88',
    338_117_415,
  ),
  wheel(
    'nvidia_cusparse_cu12-12.5.10.65-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78',
    366_465_088,
  ),
  wheel(
    'nvidia_nccl_cu12-2.32.3-py3-none-manylinux_2_27_x86_64.whl',
    'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c',
    351_526_311,
  ),
  wheel(
    'nvidia_nvjitlink_cu12-12.9.86-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
    'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9',
    39_748_338,
  ),
];

/** @type {Record<string, Record<Variant, Release | null>>} by `${process.platform}-${process.arch}` */
const RELEASES = {
  'linux-x64': {
    cpu: {
      id: `${TENSORFLOW_VERSION}-cpu-linux-x64`,
      wheels: [
        wheel(
          'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
          '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
          273_829_956,
        ),
      ],
      verified: true,
    },
    gpu: {
      id: `${TENSORFLOW_VERSION}-gpu-linux-x64`,
      wheels: [
        wheel(
          'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
          '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
          572_440_367,
        ),
        ...CUDA_WHEELS,
      ],
      verified: false,
    },
  },
  'linux-arm64': {
    cpu: {
      id: `${TENSORFLOW_VERSION}-cpu-linux-arm64`,
      wheels: [
        wheel(
          'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_aarch64.whl',
          '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c',
          281_828_020,
        ),
      ],
      verified: false,
    },
    gpu: null,
  },
  'darwin-arm64': {
    cpu: {
      id: `${TENSORFLOW_VERSION}-cpu-darwin-arm64`,
      wheels: [
        wheel(
          'tensorflow-2.21.0-cp311-cp311-macosx_12_0_arm64.whl',
          '51f46f4806139d01fc7920cc72a4c75876f80649bf40ff083ab6212ceb43ca88',
          223_405_849,
        ),
      ],
      verified: false,
    },
    gpu: null,
  },
};

/**
 * @param {Variant} variant
 * @param {string} [platform] `${process.platform}-${process.arch}`
 * @returns {Release | null} null where there is no pinned wheel
 */
export function releaseFor(variant, platform = `${process.platform}-${process.arch}`) {
  return RELEASES[platform]?.[variant] ?? null;
}

/**
 * Derives a wheel's project, version and platform tag from its file name (PEP 427).
 *
 * @param {string} file
 * @param {string} sha256
 * @param {number} size
 * @returns {Wheel}
 */
function wheel(file, sha256, size) {
  const [project = '', version = '', , , platforms = ''] = file.replace(/\.whl$/, '').split('-');
  const platformTag = platforms.split('.').at(-1) ?? '';
  return { project: project.replaceAll('_', '-'), version, file, platformTag, sha256, size };
}
