/**
 * The TensorFlow that the engine runs on, taken from the wheels on PyPI: libtensorflow itself is no longer
 * published in current versions, but the wheel carries the same C interface in libtensorflow_cc. The library
 * in it does not depend on the version of Python, so one wheel (that of CPython 3.11) is pinned for each
 * platform, whatever Python is installed here.
 */
export const TENSORFLOW_VERSION = '2.21.0';

/**
 * @typedef {object} Wheel
 * @property {string} project name on PyPI
 * @property {string} version
 * @property {string} file name of the wheel
 * @property {string} platformTag for `pip download --platform`
 * @property {string} sha256
 * @property {number} size bytes, for progress
 */

/**
 * @typedef {object} Release
 * @property {string} id of the installed folder
 * @property {readonly Wheel[]} wheels the first is TensorFlow's, the others are CUDA's libraries
 * @property {boolean} verified whether the project has run on it
 */

/** @typedef {'cpu' | 'gpu'} Variant */

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
 * A wheel's project, version and platform tag stand in its file name (PEP 427).
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
