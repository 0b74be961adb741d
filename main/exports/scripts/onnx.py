"""Classify pictures: python predict.py PICTURE...   (pip install onnxruntime pillow numpy)"""
import io, json, sys
from pathlib import Path
import numpy as np
import onnxruntime
from PIL import Image, ImageCms, ImageOps

here = Path(__file__).parent
labels = (here / "labels.txt").read_text("utf-8").splitlines()
p = json.loads((here / "preprocessing.json").read_text("utf-8"))
size, mean = p["imageSize"], np.array(p["mean"], np.float32)
filter = Image.Resampling[p["interpolation"].upper()]

def picture(path):
    """Upright, in sRGB, on white."""
    image = ImageOps.exif_transpose(Image.open(path))
    if profile := image.info.get("icc_profile"):
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        image = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    if image.mode == "I;16":
        image = Image.fromarray((np.asarray(image) // 257).astype(np.uint8))
    if "A" in image.getbands() or "transparency" in image.info:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    return image.convert("RGB")

def levels(image):
    """The square that the model sees: (size, size, 3), 0..255."""
    side, (w, h) = max(size, int(size / p["cropFraction"])), image.size
    ratio = max(w / side, h / side)
    width, height = {"center": (side * w // min(w, h), side * h // min(w, h)), "squash": (side, side),
                     "border": (max(1, round(w / ratio)), max(1, round(h / ratio)))}[p["cropMode"]]
    bands = [b.convert("F") for b in image.split()] if "rescale" in p else [image]
    x = np.dstack([np.asarray(b.resize((width, height), filter), np.float32) for b in bands])
    half = (lambda n: n // 2) if p.get("cropRounding") == "down" else (lambda n: round(n / 2))
    cut, gap = [half(max(n - size, 0)) for n in (height, width)], [max(size - n, 0) // 2 for n in (height, width)]
    x = x[cut[0]:cut[0] + size, cut[1]:cut[1] + size]
    square = np.empty((size, size, 3), np.float32)
    square[:] = p.get("borderColour", np.clip(np.round(255 * mean), 0, 255))
    square[gap[0]:gap[0] + x.shape[0], gap[1]:gap[1] + x.shape[1]] = x
    return square

session = onnxruntime.InferenceSession(here / "model.onnx")
for path in sys.argv[1:]:
    x = (levels(picture(path)) / 255 - mean) / np.array(p["std"], np.float32)
    (probabilities,) = session.run(["probabilities"], {"pixel_values": x.transpose(2, 0, 1)[None]})
    best = probabilities[0].argsort()[::-1][:5]
    print(path, *(f"{labels[i]} {100 * probabilities[0][i]:.1f} %" for i in best), sep="  ")
