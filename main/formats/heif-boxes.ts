/**
 * The colour and coded data of a HEIF file's primary image, read from its boxes: ISO/IEC 14496-12
 * (boxes, 4.2; meta, 8.11) and ISO/IEC 23008-12 (properties, 6.5; derived images, 6.6).
 */
export interface HeifImage {
  readonly colour: HeifColour | null;
  /** Byte ranges of the image's coded data, or of its tiles', in the file. */
  readonly extents: readonly { readonly offset: number; readonly bytes: number }[];
}

export type HeifColour =
  | { readonly kind: 'icc'; readonly profile: Uint8Array }
  /** Code points of ITU-T H.273. */
  | { readonly kind: 'nclx'; readonly primaries: number; readonly transfer: number };

interface Box {
  readonly type: string;
  readonly body: Reader;
}

/** @returns null if a required box is missing or a box is malformed */
export function readHeifBoxes(file: Uint8Array): HeifImage | null {
  try {
    return primaryImage(file);
  } catch (error) {
    // Read beyond the end of a box or of the file.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function primaryImage(file: Uint8Array): HeifImage | null {
  const meta = boxesOf(new Reader(file)).find(({ type }) => type === 'meta');
  if (meta === undefined) return null;
  meta.body.skip(4);
  const boxes = new Map(boxesOf(meta.body).map(({ type, body }) => [type, body]));
  const primary = boxes.get('pitm');
  const properties = boxes.get('iprp');
  const locations = boxes.get('iloc');
  if (primary === undefined || properties === undefined || locations === undefined) return null;
  const wide = primary.fullBox().version > 0;
  const id = wide ? primary.u32() : primary.u16();
  const references = boxes.get('iref');
  const tiles = references === undefined ? [] : tilesOf(references, id);
  const coloursOf = colours(properties);
  return {
    colour: coloursOf(id) ?? (tiles[0] === undefined ? null : coloursOf(tiles[0])),
    extents: extentsOf(locations, new Set(tiles.length === 0 ? [id] : tiles)),
  };
}

/** Returns the ids of the images that a derived image is composed of, in order. */
function tilesOf(references: Reader, id: number): number[] {
  const wide = references.fullBox().version > 0;
  for (const { type, body } of boxesOf(references)) {
    const from = wide ? body.u32() : body.u16();
    if (type !== 'dimg' || from !== id) continue;
    return Array.from({ length: body.u16() }, () => (wide ? body.u32() : body.u16()));
  }
  return [];
}

/**
 * Returns the colour associated with an item; ICC profiles take precedence over code points
 * (ISO/IEC 23000-22).
 */
function colours(properties: Reader): (id: number) => HeifColour | null {
  const children = boxesOf(properties);
  const container = children.find(({ type }) => type === 'ipco');
  const all = container === undefined ? [] : boxesOf(container.body).map(colourOf);
  const associated = new Map<number, HeifColour[]>();
  for (const { body } of children.filter(({ type }) => type === 'ipma')) {
    const { version, flags } = body.fullBox();
    const count = body.u32();
    for (let entry = 0; entry < count; entry++) {
      const id = version > 0 ? body.u32() : body.u16();
      const indices = Array.from({ length: body.u8() }, () =>
        (flags & 1) === 1 ? body.u16() & 0x7fff : body.u8() & 0x7f,
      );
      const found = indices.flatMap((index) => all[index - 1] ?? []);
      associated.set(id, [...(associated.get(id) ?? []), ...found]);
    }
  }
  return (id) => {
    const found = associated.get(id) ?? [];
    return found.find(({ kind }) => kind === 'icc') ?? found[0] ?? null;
  };
}

function colourOf({ type, body }: Box): HeifColour | null {
  if (type !== 'colr') return null;
  const kind = body.name();
  if (kind === 'nclx') return { kind, primaries: body.u16(), transfer: body.u16() };
  return kind === 'prof' || kind === 'rICC' ? { kind: 'icc', profile: body.rest() } : null;
}

function extentsOf(
  locations: Reader,
  ids: ReadonlySet<number>,
): { offset: number; bytes: number }[] {
  const { version } = locations.fullBox();
  const sizes = locations.u16();
  const [offsetSize, lengthSize, baseSize] = [12, 8, 4].map((shift) => (sizes >> shift) & 15) as [
    number,
    number,
    number,
  ];
  const indexSize = version > 0 ? sizes & 15 : 0;
  const items = version < 2 ? locations.u16() : locations.u32();
  const extents: { offset: number; bytes: number }[] = [];
  for (let item = 0; item < items; item++) {
    const id = version < 2 ? locations.u16() : locations.u32();
    // Construction method 0 means offsets in the file; the decoder handles the others.
    const inFile = version === 0 || (locations.u16() & 15) === 0;
    locations.skip(2);
    const base = locations.sized(baseSize);
    const count = locations.u16();
    for (let extent = 0; extent < count; extent++) {
      locations.skip(indexSize);
      const offset = base + locations.sized(offsetSize);
      const bytes = locations.sized(lengthSize);
      if (inFile && ids.has(id)) extents.push({ offset, bytes });
    }
  }
  return extents;
}

function boxesOf(reader: Reader): Box[] {
  const boxes: Box[] = [];
  while (reader.left >= 8) boxes.push(reader.box());
  return boxes;
}

/** Reads big-endian integers. @throws RangeError beyond the end */
class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  skip(bytes: number): void {
    if (bytes > this.left) throw new RangeError('beyond the end of the box');
    this.#at += bytes;
  }

  u8(): number {
    return this.sized(1);
  }

  u16(): number {
    return this.sized(2);
  }

  u32(): number {
    return this.sized(4);
  }

  /** Reads an integer of 0, 1, 2, 4 or 8 bytes. */
  sized(bytes: number): number {
    const at = this.#at;
    this.skip(bytes);
    if (bytes === 8) return Number(this.#view.getBigUint64(at));
    let value = 0;
    for (let i = at; i < at + bytes; i++) value = value * 256 + this.#view.getUint8(i);
    return value;
  }

  name(): string {
    const at = this.#at;
    this.skip(4);
    return String.fromCharCode(...this.#bytes.subarray(at, at + 4));
  }

  rest(): Uint8Array {
    const at = this.#at;
    this.skip(this.left);
    return this.#bytes.subarray(at);
  }

  fullBox(): { version: number; flags: number } {
    const word = this.u32();
    return { version: word >>> 24, flags: word & 0xffffff };
  }

  /** Reads the next box; size 0 means that it extends to the end. */
  box(): Box {
    const start = this.#at;
    const short = this.u32();
    const type = this.name();
    const size = short === 1 ? this.sized(8) : short === 0 ? this.left + 8 : short;
    const header = this.#at - start;
    if (size < header || size - header > this.left) throw new RangeError('beyond the end');
    const body = new Reader(this.#bytes.subarray(this.#at, start + size));
    this.#at = start + size;
    return { type, body };
  }
}
