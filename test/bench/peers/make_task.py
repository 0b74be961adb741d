"""Writes the common starting point of all subjects of a comparison: make_task.py MODEL BATCH CLASSES FOLDER SIZE

backbone.safetensors: a timm model with random weights and its head; adapter.safetensors: random
KARST factors and re-scaling, as after some training (rank 8, factor 8, 8 kernels), under the names
of the adapter format; batch.safetensors: `images` (batch, 3, SIZE, SIZE) and `labels` (batch);
config.json: timm's configuration of the model, for readers of the weights.
"""
import json
import sys

import timm
import torch
from safetensors.torch import save_file

import karst_torch
from stored_names import STORED, head_name


def stored_name(name):
    module, leaf = name.rsplit('.', 1)
    return f'{module}.{STORED[leaf]}'


def stored_tensor(name, tensor):
    """Stores A of an unsplit Linear, (N, 1, r, k), as (N, r, k)."""
    return tensor.squeeze(1).contiguous() if name.endswith('.A') else tensor.contiguous()


def main(model_name, batch, classes, folder, size):
    torch.manual_seed(0)
    size = int(size)
    model = timm.create_model(model_name, num_classes=int(classes), img_size=size)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith('.gamma'):
                # A new LayerScale leaves almost nothing of a block; a pre-trained one does not.
                parameter.fill_(1)
    with open(f'{folder}/config.json', 'w') as config:
        side = {'img_size': [size, size]}
        known = {'architecture': model_name, 'num_classes': int(classes), 'model_args': side}
        json.dump({**known, 'pretrained_cfg': {'input_size': [3, size, size]}}, config)
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, f'{folder}/backbone.safetensors')
    karst_torch.apply_karst(model, rank=8, factor=8, kernels=8)
    karst_torch.randomise_(model, 5)
    adapter = {
        stored_name(name): stored_tensor(name, tensor.detach())
        for name, tensor in model.named_parameters()
        if tensor.requires_grad and not name.startswith('head.')
    }
    head = {head_name(name): t.detach().contiguous() for name, t in model.named_parameters() if name.startswith('head.')}
    save_file({**adapter, **head}, f'{folder}/adapter.safetensors')
    images = torch.randn(int(batch), 3, size, size)
    labels = torch.randint(0, int(classes), (int(batch),), dtype=torch.int64).float()
    save_file({'images': images, 'labels': labels}, f'{folder}/batch.safetensors')


main(*sys.argv[1:])
