/** Location of a cached image. */
export interface CachedPlace {
  /** Number of the segment, or `IN_MEMORY`. */
  readonly segment: number;
  /** In bytes; a multiple of 64. */
  readonly offset: number;
  readonly width: number;
  readonly height: number;
  /** CRC-32 of the pixels. */
  readonly crc: number;
}

export const IN_MEMORY = -1;

/** Alignment of cached images in bytes: a 32-bit number of such units reaches 128 GiB. */
export const ALIGNMENT = 64;

const FIELDS = 6;
const [SEGMENT, OFFSET, WIDTH, HEIGHT, CRC, PRESENT] = [0, 1, 2, 3, 4, 5] as const;

/** Locations of a loader's images, in memory shared by its threads. */
export class ImageIndex {
  readonly shared: SharedArrayBuffer;
  readonly #fields: Int32Array;

  constructor(source: { readonly images: number } | { readonly shared: SharedArrayBuffer }) {
    this.shared =
      'shared' in source ? source.shared : new SharedArrayBuffer(source.images * FIELDS * 4);
    this.#fields = new Int32Array(this.shared);
  }

  get(image: number): CachedPlace | null {
    const at = image * FIELDS;
    if (Atomics.load(this.#fields, at + PRESENT) !== 1) return null;
    return {
      segment: this.#fields[at + SEGMENT]!,
      offset: this.#fields[at + OFFSET]! * ALIGNMENT,
      width: this.#fields[at + WIDTH]!,
      height: this.#fields[at + HEIGHT]!,
      crc: this.#fields[at + CRC]! >>> 0,
    };
  }

  /** Publishes a location unless the image has one. */
  set(image: number, place: CachedPlace): void {
    const at = image * FIELDS;
    // 2 while being written, so that no other thread sees a half-written entry.
    if (Atomics.compareExchange(this.#fields, at + PRESENT, 0, 2) !== 0) return;
    this.#fields[at + SEGMENT] = place.segment;
    this.#fields[at + OFFSET] = place.offset / ALIGNMENT;
    this.#fields[at + WIDTH] = place.width;
    this.#fields[at + HEIGHT] = place.height;
    this.#fields[at + CRC] = place.crc;
    Atomics.store(this.#fields, at + PRESENT, 1);
  }

  /** Removes the location of an image that was found damaged. */
  remove(image: number): void {
    Atomics.compareExchange(this.#fields, image * FIELDS + PRESENT, 1, 0);
  }
}
