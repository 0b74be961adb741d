"""Writes the common starting point of all subjects of a comparison: make_task.py MODEL BATCH CLASSES FOLDER

backbone.safetensors: a timm model with random weights and its head; adapter.safetensors: random
KARST factors and re-scaling, as after some training (rank 8, factor 8, 8 kernels), under the names
of the adapter format; batch.safetensors: `images` (batch, 3, 224, 224) and `labels` (batch).
"""
import sys

import timm
import torch
from safetensors.torch import save_file

import karst_torch
from stored_names import STORED


def stored_name(name):
    module, leaf = name.rsplit('.', 1)
    return f'{module}.{STORED[leaf]}'


def stored_tensor(name, tensor):
    """Stores A of an unsplit Linear, (N, 1, r, k), as (N, r, k)."""
    return tensor.squeeze(1).contiguous() if name.endswith('.A') else tensor.contiguous()


def main(model_name, batch, classes, folder):
    torch.manual_seed(0)
    model = timm.create_model(model_name, num_classes=int(classes))
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, f'{folder}/backbone.safetensors')
    karst_torch.apply_karst(model, rank=8, factor=8, kernels=8)
    karst_torch.randomise_(model, 5)
    adapter = {
        stored_name(name): stored_tensor(name, tensor.detach())
        for name, tensor in model.named_parameters()
        if tensor.requires_grad and not name.startswith('head.')
    }
    head = {name: t.detach().contiguous() for name, t in model.named_parameters() if name.startswith('head.')}
    save_file({**adapter, **head}, f'{folder}/adapter.safetensors')
    images = torch.randn(int(batch), 3, 224, 224)
    labels = torch.randint(0, int(classes), (int(batch),), dtype=torch.int64).float()
    save_file({'images': images, 'labels': labels}, f'{folder}/batch.safetensors')


main(*sys.argv[1:])
