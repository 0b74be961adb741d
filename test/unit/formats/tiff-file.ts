export interface TiffFile {
  readonly width: number;
  readonly height: number;
  readonly bands: number;
  /** Bits per sample; default 8. */
  readonly bits?: number;
  /** SampleFormat: 1 unsigned integer, 2 signed integer, 3 floating point. */
  readonly format?: number;
  /** PhotometricInterpretation; default 2, RGB. */
  readonly photometric?: number;
  readonly extras?: readonly number[];
  /** Default 1, uncompressed. */
  readonly compression?: number;
  /** The only strip, in its stored form. */
  readonly strip: Uint8Array;
}

/** Builds a little-endian TIFF with its directory before its only strip. */
export function tiffFile(o: TiffFile): Buffer {
  const { width, height, bands, bits = 8, format = 1, photometric = 2, extras = [] } = o;
  const [short, long] = [3, 4];
  const all: [number, number, readonly number[]][] = [
    [256, long, [width]],
    [257, long, [height]],
    [258, short, Array<number>(bands).fill(bits)],
    [259, short, [o.compression ?? 1]],
    [262, short, [photometric]],
    [273, long, [0]],
    [277, short, [bands]],
    [278, long, [height]],
    [279, long, [o.strip.length]],
    [284, short, [1]],
    [338, short, extras],
    [339, short, Array<number>(bands).fill(format)],
  ];
  const tags = all.filter(([, , values]) => values.length > 0);
  const packed = tags.map(([, type, values]) => {
    const bytes = Buffer.alloc(values.length * (type === short ? 2 : 4));
    values.forEach((value, i) =>
      type === short ? bytes.writeUInt16LE(value, 2 * i) : bytes.writeUInt32LE(value, 4 * i),
    );
    return bytes;
  });
  const start = 8 + 2 + 12 * tags.length + 4;
  const pixels = start + packed.reduce((sum, p) => sum + (p.length > 4 ? p.length : 0), 0);
  packed[tags.findIndex(([tag]) => tag === 273)]!.writeUInt32LE(pixels);
  const directory = Buffer.alloc(2 + 12 * tags.length + 4);
  directory.writeUInt16LE(tags.length);
  let rest = Buffer.alloc(0);
  tags.forEach(([tag, type, values], i) => {
    const at = 2 + 12 * i;
    directory.writeUInt16LE(tag, at);
    directory.writeUInt16LE(type, at + 2);
    directory.writeUInt32LE(values.length, at + 4);
    const bytes = packed[i]!;
    if (bytes.length <= 4) bytes.copy(directory, at + 8);
    else {
      directory.writeUInt32LE(start + rest.length, at + 8);
      rest = Buffer.concat([rest, bytes]);
    }
  });
  return Buffer.concat([Buffer.from('II*\0\x08\0\0\0', 'latin1'), directory, rest, o.strip]);
}
