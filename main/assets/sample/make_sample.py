"""Writes the bundled sample: the handwritten digits that scikit-learn carries, as PNG files in a zip.

    python3 -m pip install scikit-learn==1.9.1
    python3 main/assets/sample/make_sample.py

One file per image, <label>/<index>.png in digits.zip, 8x8 pixels of 8-bit grey. The index is the image's place
in scikit-learn's `load_digits()`. Grey values 0..16 become 0..255 (round(value * 255 / 16)); nothing else
is changed. The PNG stream is written without compression, so that the files are the same byte for byte
whatever zlib is installed; the zip stores them as they are. The first image of each class also becomes
renderer/views/welcome/digits/<label>.png.
"""

import struct
import zipfile
import zlib
from pathlib import Path

from sklearn.datasets import load_digits


def chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def png(rows: list[bytes]) -> bytes:
    """An 8-bit greyscale PNG of equally long rows (PNG specification, sections 5 and 11)."""
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    scanlines = b"".join(b"\x00" + row for row in rows)
    data = zlib.compress(scanlines, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


def main() -> None:
    digits = load_digits()
    files = {}
    for index, (image, label) in enumerate(zip(digits.images, digits.target, strict=True)):
        rows = [bytes(int(value * 255 / 16 + 0.5) for value in row) for row in image]
        files[f"{label}/{index:04d}.png"] = png(rows)
    here = Path(__file__).parent
    with zipfile.ZipFile(here / "digits.zip", "w", zipfile.ZIP_STORED) as archive:
        for name, data in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name), data)
    pictures = here / "../../../renderer/views/welcome/digits"
    for label in range(10):
        (pictures / f"{label}.png").write_bytes(files[f"{label}/{label:04d}.png"])


if __name__ == "__main__":
    main()
