"""Writes four backbones at full size with random weights: python full_sizes.py FOLDER.

ViT-B/16 and Swin-B as timm stores them, DINOv2-B/14 and SigLIP-B/16 as transformers does, each in a
folder with expected.safetensors, as in test/fixtures/backbones. Parameters are drawn in proportion
to the width, so that the outputs of twelve blocks stay moderate.
"""

import sys
from pathlib import Path

import timm
import torch
import transformers as hf
from safetensors.torch import save_file
from timm.models import save_for_hf

torch.set_float32_matmul_precision("highest")
numbers = torch.Generator().manual_seed(1)


@torch.no_grad()
def randomise(model):
    for _, parameter in sorted(model.named_parameters()):
        drawn = torch.randn(parameter.shape, generator=numbers)
        if parameter.ndim > 1:
            parameter.copy_(drawn * (0.5 / parameter[0].numel() ** 0.5))
        else:
            parameter.add_(0.1 * drawn)
    return model.eval()


@torch.no_grad()
def timm_model(folder, name):
    model = randomise(timm.create_model(name, num_classes=0))
    save_for_hf(model, folder, safe_serialization=True)
    return lambda pixels: model(pixels)


@torch.no_grad()
def hf_model(folder, model, processor):
    randomise(model).save_pretrained(folder)
    processor.save_pretrained(folder)
    return lambda pixels: model(pixels).pooler_output


def siglip():
    return hf.SiglipVisionModel(hf.SiglipVisionConfig())


def dinov2():
    return hf.Dinov2Model(hf.Dinov2Config(image_size=224))


MODELS = {
    "ViT-B/16": lambda folder: timm_model(folder, "vit_base_patch16_224.augreg_in21k"),
    "Swin-B": lambda folder: timm_model(folder, "swin_base_patch4_window7_224.ms_in22k"),
    "DINOv2-B/14": lambda folder: hf_model(folder, dinov2(), hf.BitImageProcessor()),
    "SigLIP-B/16": lambda folder: hf_model(folder, siglip(), hf.SiglipImageProcessor()),
}

if __name__ == "__main__":
    for name, make in MODELS.items():
        folder = Path(sys.argv[1]) / name.replace("/", "-")
        folder.mkdir(parents=True)
        features = make(folder)
        pixels = torch.randn(2, 3, 224, 224, generator=numbers)
        with torch.no_grad():
            stored = {"native.images": pixels, "native.features": features(pixels).contiguous()}
        save_file(stored, folder / "expected.safetensors")
