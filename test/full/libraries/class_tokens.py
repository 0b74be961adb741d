"""Class tokens by transformers: python class_tokens.py FOLDER PIXELS.safetensors PICTURE...

Prints {"same": of `images` in the file, "own": of the pictures as its image processor for Pillow
prepares them}, each a list of rows.
"""

import json
import sys

import torch
from PIL import Image
from safetensors.torch import load_file
from transformers import AutoImageProcessor, AutoModel

torch.set_float32_matmul_precision("highest")


@torch.no_grad()
def class_tokens(model, pixels):
    return model(pixel_values=pixels).last_hidden_state[:, 0].tolist()


if __name__ == "__main__":
    folder, given, *files = sys.argv[1:]
    model = AutoModel.from_pretrained(folder).eval()
    processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
    images = [Image.open(path).convert("RGB") for path in files]
    own = processor(images=images, return_tensors="pt")["pixel_values"]
    answer = {
        "same": class_tokens(model, load_file(given)["images"]),
        "own": class_tokens(model, own),
    }
    print(json.dumps(answer))
