import {
  borderColour,
  resizedSide,
  type Filter,
  type Preprocessing,
} from '../../../shared/domain/preprocessing.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { Body } from '../../backends/tensorflow/body.ts';
import { INDEX, textAttribute, typeAttribute } from '../../backends/tensorflow/nodes.ts';
import { DATA_TYPE, type AttrValue, type FunctionDef } from '../../formats/saved-model.ts';

/** Names of the functions, and of what `READ` gives. */
export const READ = { name: 'read', pixels: 'pixels', images: 'images' } as const;
const DECODE = { jpeg: 'decode_jpeg', png: 'decode_png' } as const;

const FLOAT = typeAttribute('float32');
const BYTE: AttrValue = { type: DATA_TYPE.uint8 };
const DOUBLE: AttrValue = { type: DATA_TYPE.float64 };
/** The first byte of every JPEG. */
const JPEG_START = 0xff;
const CHANNELS = 3;

/**
 * TensorFlow's names of Pillow's filters: the same kernels, widened when an image is reduced. It has
 * none like `hamming`, and its `box` halves pixels on the edge that Pillow takes whole.
 */
const KERNELS: Readonly<Record<Exclude<Filter, 'hamming' | 'box'>, string>> = {
  // Not widened, a box takes one pixel.
  nearest: 'box',
  bilinear: 'triangle',
  bicubic: 'keyscubic',
  lanczos: 'lanczos3',
};

/**
 * Functions of plain TensorFlow operations that read a JPEG or PNG file as the backbone's
 * preprocessing says: `file` (a string) to `pixels` (S, S, 3) in 0 … 255 and `images` (1, 3, S, S).
 * @throws KarstError not-available for a filter that TensorFlow lacks
 */
export function readingFunctions(preprocessing: Preprocessing): FunctionDef[] {
  const { interpolation } = preprocessing;
  if (interpolation === 'hamming' || interpolation === 'box')
    throw new KarstError(
      'not-available',
      `TensorFlow has no filter like Pillow's "${interpolation}", by which images for this backbone are resized.`,
      { hint: 'Export it as ONNX.' },
    );
  return [
    decoder(DECODE.jpeg, 'DecodeJpeg', {
      ratio: { i: 1 },
      fancy_upscaling: { b: true },
      try_recover_truncated: { b: false },
      acceptable_fraction: { f: 1 },
      dct_method: textAttribute('INTEGER_ACCURATE'),
    }),
    decoder(DECODE.png, 'DecodePng', { dtype: BYTE }),
    reader(preprocessing, KERNELS[interpolation], interpolation !== 'nearest'),
  ];
}

function decoder(name: string, op: string, attr: Readonly<Record<string, AttrValue>>): FunctionDef {
  const body = new Body(new Map());
  const image = body.emit(op, ['file'], { channels: { i: CHANNELS }, ...attr }, 'image');
  return definition(name, body, { image }, DATA_TYPE.uint8);
}

function reader(p: Preprocessing, kernel: string, antialias: boolean): FunctionDef {
  const { imageSize, mean, std } = p;
  const body = new Body(new Map());
  const floats = (values: readonly number[]): string =>
    body.constant(Float32Array.from(values), [values.length]);
  const scalar = (value: number): string => body.constant(Float32Array.of(value), []);
  const image = decoded(body);

  const shape = body.emit('Shape', [image], { T: BYTE, out_type: INDEX }, 'output');
  const part = (of: string, axis: number, length = 1, T = FLOAT): string =>
    body.emit(
      'Slice',
      [of, body.indices([axis]), body.indices([length])],
      { T, Index: INDEX },
      'output',
    );
  const sides = part(shape, 0, 2, INDEX);
  const resized = resizedSides(body, sides, p);
  const float = (x: string): string => body.emit('Cast', [x], { SrcT: INDEX, DstT: FLOAT }, 'y');
  const binary = (op: string, a: string, b: string): string =>
    body.emit(op, [a, b], { T: FLOAT }, 'z');
  const unary = (op: string, x: string, output = 'y'): string =>
    body.emit(op, [x], { T: FLOAT }, output);
  const scale = binary('RealDiv', float(resized), float(sides));
  // Half of what is cut off, or of what is missing of the square.
  const margin = binary('Sub', float(resized), scalar(imageSize));
  const half = (x: string): string => binary('Mul', unary('Relu', x, 'activations'), scalar(0.5));
  const missing = unary('Floor', half(unary('Neg', margin)));
  const cut = unary(p.cropRounding === 'down' ? 'Floor' : 'Rint', half(margin));
  const translation = binary('Sub', missing, cut);
  const joined = (a: string, b: string, T = FLOAT): string =>
    body.emit(
      'ConcatV2',
      [a, b, body.constant(Int32Array.of(0), [])],
      { N: { i: 2 }, T, Tidx: INDEX },
      'output',
    );
  const resample = (x: string, T: AttrValue, size: string, by: string, shift: string): string =>
    body.emit(
      'ScaleAndTranslate',
      [x, size, by, shift],
      { T, kernel_type: textAttribute(kernel), antialias: { b: antialias } },
      'resized_images',
    );
  const rounded = (x: string): string =>
    body.emit('ClipByValue', [unary('Round', x), scalar(0), scalar(255)], { T: FLOAT }, 'output');
  const settled = p.rescale === undefined ? rounded : (x: string) => x;
  // Like Pillow: first across, then down, with whole levels in between.
  const onSquare = (x: string, T: AttrValue): string => {
    const height = part(sides, 0, 1, INDEX);
    const across = resample(
      x,
      T,
      joined(height, body.indices([imageSize]), INDEX),
      joined(floats([1]), part(scale, 1)),
      joined(floats([0]), part(translation, 1)),
    );
    const down = resample(
      settled(across),
      FLOAT,
      body.indices([imageSize, imageSize]),
      joined(part(scale, 0), floats([1])),
      joined(part(translation, 0), floats([0])),
    );
    return settled(down);
  };
  const batch = (x: string, T: AttrValue): string =>
    body.emit('ExpandDims', [x, body.constant(Int32Array.of(0), [])], { T, Tdim: INDEX }, 'output');
  const levels = onSquare(batch(image, BYTE), BYTE);
  const pixels = p.cropMode === 'border' ? bordered() : levels;
  const normalised = binary(
    'RealDiv',
    binary('Sub', binary('RealDiv', pixels, scalar(255)), floats(mean)),
    floats(std),
  );
  const planes = body.emit(
    'Transpose',
    [normalised, body.indices([0, 3, 1, 2])],
    { T: FLOAT, Tperm: INDEX },
    'y',
  );
  const flat = body.emit(
    'Reshape',
    [pixels, body.indices([imageSize, imageSize, CHANNELS])],
    { T: FLOAT, Tshape: INDEX },
    'output',
  );
  return definition(
    READ.name,
    body,
    { [READ.pixels]: flat, [READ.images]: planes },
    DATA_TYPE.float32,
  );

  /** The border's colour where the resized image, of which a plane of ones tells the place, is not. */
  function bordered(): string {
    const T = INDEX;
    const one = body.emit('Fill', [shape, scalar(1)], { T: FLOAT, index_type: T }, 'output');
    const inside = unary('Round', onSquare(batch(one, FLOAT), FLOAT));
    const outside = binary('Sub', scalar(1), inside);
    return binary(
      'AddV2',
      binary('Mul', levels, inside),
      binary('Mul', outside, floats(borderColour(p))),
    );
  }
}

/** The file as (height, width, 3) bytes, by its first byte. */
function decoded(body: Body): string {
  const T = INDEX;
  const position = (value: number): string => body.constant(Int32Array.of(value), []);
  const start = body.emit(
    'Substr',
    ['file', position(0), position(1)],
    { T, unit: textAttribute('BYTE') },
    'output',
  );
  const bytes = body.emit(
    'DecodeRaw',
    [start],
    { out_type: BYTE, little_endian: { b: true } },
    'output',
  );
  const number = body.emit('Cast', [bytes], { SrcT: BYTE, DstT: INDEX }, 'y');
  const first = body.emit('Reshape', [number, body.indices([])], { T, Tshape: INDEX }, 'output');
  const isJpeg = body.emit(
    'Equal',
    [first, position(JPEG_START)],
    { T, incompatible_shape_error: { b: true } },
    'z',
  );
  return body.emit(
    'StatelessIf',
    [isJpeg, 'file'],
    {
      Tcond: { type: DATA_TYPE.bool },
      Tin: { list: { type: [DATA_TYPE.string] } },
      Tout: { list: { type: [DATA_TYPE.uint8] } },
      then_branch: { func: { name: DECODE.jpeg } },
      else_branch: { func: { name: DECODE.png } },
      output_shapes: {
        list: { shape: [{ dim: [{ size: -1 }, { size: -1 }, { size: CHANNELS }] }] },
      },
    },
    'output',
  );
}

/** Height and width of the whole image after resizing, as `evaluationGeometry` computes them. */
function resizedSides(body: Body, sides: string, p: Preprocessing): string {
  const side = resizedSide(p);
  const T = INDEX;
  const extreme = (op: 'Min' | 'Max'): string =>
    body.emit(op, [sides, body.indices([0])], { T, Tidx: INDEX, keep_dims: { b: true } }, 'output');
  switch (p.cropMode) {
    case 'squash':
      return body.indices([side, side]);
    case 'center': {
      const scaled = body.emit('Mul', [sides, body.indices([side])], { T }, 'z');
      return body.emit('FloorDiv', [scaled, extreme('Min')], { T }, 'z');
    }
    case 'border': {
      const double = (x: string): string => body.emit('Cast', [x], { SrcT: T, DstT: DOUBLE }, 'y');
      const ratio = body.emit(
        'RealDiv',
        [double(extreme('Max')), double(body.indices([side]))],
        { T: DOUBLE },
        'z',
      );
      const exact = body.emit('RealDiv', [double(sides), ratio], { T: DOUBLE }, 'z');
      const rounded = body.emit('Rint', [exact], { T: DOUBLE }, 'y');
      const whole = body.emit('Cast', [rounded], { SrcT: DOUBLE, DstT: T }, 'y');
      return body.emit('Maximum', [whole, body.indices([1])], { T }, 'z');
    }
  }
}

/** A function of `file` with these results, all of one type. */
function definition(
  name: string,
  { nodes }: Body,
  results: Readonly<Record<string, string>>,
  type: number,
): FunctionDef {
  return {
    signature: {
      name,
      inputArg: [{ name: 'file', type: DATA_TYPE.string }],
      outputArg: Object.keys(results).map((result) => ({ name: result, type })),
      isStateful: false,
      controlOutput: [],
    },
    attr: {},
    nodeDef: nodes,
    ret: results,
    controlRet: {},
  };
}
