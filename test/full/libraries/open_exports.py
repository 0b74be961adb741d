"""Opens exported models with the libraries that they are for: python open_exports.py JOBS.json.

JOBS.json: a list of {"name", "format": timm | hf | onnx, "folder", "pixels": a safetensors file with
`images` and `probabilities`, "files": paths of pictures}. Prints a line of JSON for each library
that opened one: {"name", "format", "by", "difference"} between its probabilities and the given ones
on the same pixels, and {"files": probabilities by its own preprocessing} where pictures are given;
or {"name", "format", "by", "error"}.
"""

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

import numpy
import onnx
import onnxruntime
import timm
import torch
from PIL import Image
from safetensors.torch import load_file
from transformers import AutoImageProcessor, AutoModelForImageClassification
from transformers.utils.logging import disable_progress_bar

disable_progress_bar()
torch.set_float32_matmul_precision("highest")


def pictures(files):
    return [Image.open(path).convert("RGB") for path in files]


def by_timm(folder):
    model = timm.create_model(f"local-dir:{folder}", pretrained=True).eval()
    transform = timm.data.create_transform(**timm.data.resolve_model_data_config(model))

    def prepare(images):
        return torch.stack([transform(image) for image in images])

    return lambda pixels: model(pixels).softmax(1), prepare


def by_transformers(folder):
    model = AutoModelForImageClassification.from_pretrained(folder).eval()
    processor = AutoImageProcessor.from_pretrained(folder)

    def prepare(images):
        return processor(images=images, return_tensors="pt")["pixel_values"]

    return lambda pixels: model(pixel_values=pixels).logits.softmax(1), prepare


def by_onnxruntime(folder):
    path = str(Path(folder) / "model.onnx")
    onnx.checker.check_model(path, full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()

    def run(pixels):
        answer = session.run(["probabilities"], {given.name: pixels.numpy().astype(numpy.float32)})
        return torch.from_numpy(answer[0]).float()

    return run, None


LIBRARIES = {
    "timm": {"timm": by_timm, "transformers": by_transformers},
    "hf": {"transformers": by_transformers},
    "onnx": {"onnxruntime": by_onnxruntime},
}


@torch.no_grad()
def outcome(opened, job):
    run, prepare = opened(job["folder"])
    given = load_file(job["pixels"])
    difference = (run(given["images"]) - given["probabilities"]).abs().max().item()
    files = job.get("files", [])
    if not files or prepare is None:
        return {"difference": difference}
    return {"difference": difference, "files": run(prepare(pictures(files))).tolist()}


if __name__ == "__main__":
    for job in json.loads(Path(sys.argv[1]).read_text()):
        for by, opened in LIBRARIES[job["format"]].items():
            named = {"name": job["name"], "format": job["format"], "by": by}
            try:
                answer = outcome(opened, job)
            except Exception as error:
                answer = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps({**named, **answer}), flush=True)
