"""Classify pictures: python predict.py PICTURE...   (pip install onnxruntime pillow numpy)"""
import io, json, sys
from pathlib import Path
try:
    import numpy as np
    import onnxruntime
    from PIL import Image, ImageCms, ImageOps
except ImportError as error:
    sys.exit(f"{__doc__}\n{error}")

here = Path(__file__).parent
labels = (here / "labels.txt").read_text("utf-8").split("\n")
p = json.loads((here / "preprocessing.json").read_text("utf-8"))
size, mean, std = p["imageSize"], *(np.array(p[key], np.float32)[:, None, None] for key in ("mean", "std"))
session = onnxruntime.InferenceSession(here / "model.onnx")

def picture(path):
    """Upright, in sRGB, on white. Without a profile that fits its colors, a picture is taken for sRGB."""
    image = ImageOps.exif_transpose(Image.open(path))
    deep = image.mode.startswith("I;16")
    profile, grey = image.info.pop("icc_profile", b""), deep or image.mode in ("1", "L", "LA")
    if image.mode in ("I", "F"):
        raise ValueError("its samples are not of 8 or 16 bits, without the values of black and white")
    if deep:
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    image.info.pop("transparency", None)
    image = image if image.mode == "CMYK" else image.convert("L" if grey else "RGB")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        image = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (OSError, ImageCms.PyCMSError):
        image = image.convert("RGB")
    return image if alpha is None else Image.composite(image, Image.new("RGB", image.size, "white"), alpha)

def levels(image):
    """The square that the model sees: (3, size, size), 0..255."""
    side, short, long = max(size, int(size / p["cropFraction"])), min(image.size), max(image.size)
    sides = {"center": lambda n: side * n // short, "squash": lambda n: side,
             "border": lambda n: max(1, round(n / (long / side)))}[p["cropMode"]]
    half = (lambda n: n // 2) if p.get("cropRounding") == "down" else (lambda n: round(n / 2))
    resized = [sides(n) for n in image.size]
    place = tuple((size - n) // 2 if n < size else -half(n - size) for n in resized)
    border = p.get("borderColour", [min(255, max(0, round(255 * x))) for x in p["mean"]])
    squares = []
    for band, level in zip(image.split(), border):
        band = band.convert("F") if "rescale" in p else band
        squares.append(Image.new(band.mode, (size, size), level))
        squares[-1].paste(band.resize(resized, Image.Resampling[p["interpolation"].upper()]), place)
    return np.stack([np.asarray(square, np.float32) for square in squares])

def classify(path):
    """Labels with their probabilities, the likeliest first."""
    images = ((levels(picture(path)) / 255 - mean) / std)[None]
    (probabilities,) = session.run(["probabilities"], {"pixel_values": images})
    return sorted(zip(labels, probabilities[0].tolist()), key=lambda one: -one[1])

if __name__ == "__main__":
    refused = 0 if sys.argv[1:] else sys.exit(__doc__)
    for path in sys.argv[1:]:
        try:
            print(path, *(f"{label} {100 * share:.1f} %" for label, share in classify(path)[:5]), sep="  ")
        except Exception as error:  # Decoders raise many kinds.
            print(f"{path} is not classified: {error or type(error).__name__}", file=sys.stderr)
            refused = 1
    sys.exit(refused)
