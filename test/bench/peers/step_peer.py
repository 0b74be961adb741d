"""One PyTorch form of a training step, driven line by line: step_peer.py MODEL FORM FOLDER THREADS DEVICE SIZE

FORM: karst-kron (as published: a Kronecker product per kernel), karst-gemm (ΔW by one matrix product), karst-hybrid (ΔW
merged in the forward pass, factored parameter gradients), karst-factored, karst-compiled (gemm under torch.compile), lora,
lokr (both of Hugging Face PEFT), probe, full. Answers `{"ready", "trainable"}`, then for each line of standard input
`{"seconds", "others", "loss"}` of one step, or for the line `memory` `{"peakMiB"}`.
"""
import json
import sys

import timm
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

import karst_torch
from stored_names import STORED, head_name
from processor import Stopwatch, peak_mebibytes

TARGETS = r'.*blocks\.\d+\.(attn\.(qkv|proj)|mlp\.(fc1|fc2))'


def load_adapter(model, folder):
    stored = load_file(f'{folder}/adapter.safetensors')
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if not parameter.requires_grad:
                continue
            module, leaf = head_name(name).rsplit('.', 1)
            parameter.copy_(stored[f'{module}.{STORED.get(leaf, leaf)}'].reshape(parameter.shape))


def build(model_name, form, folder, size):
    backbone = load_file(f'{folder}/backbone.safetensors')
    head = next(name for name in backbone if head_name(name) == 'head.bias').removesuffix('.bias')
    classes = backbone[f'{head}.bias'].shape[0]
    # Swin's default drops paths at random, which ours does not.
    model = timm.create_model(model_name, num_classes=classes, img_size=size, drop_path_rate=0.0)
    model.load_state_dict(backbone)
    model.train()
    if form.startswith('karst-'):
        mode = form.removeprefix('karst-').replace('compiled', 'gemm')
        karst_torch.apply_karst(model, rank=8, factor=8, kernels=8, mode=mode)
        load_adapter(model, folder)
        if form == 'karst-compiled':
            model = torch.compile(model)
    elif form in ('lora', 'lokr'):
        import peft

        shared = {'r': 8, 'target_modules': TARGETS, 'modules_to_save': [head]}
        config = (
            peft.LoraConfig(lora_alpha=8, **shared)
            if form == 'lora'
            else peft.LoKrConfig(alpha=8, decompose_factor=8, decompose_both=True, **shared)
        )
        model = peft.get_peft_model(model, config)
    elif form == 'probe':
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name.startswith('head.'))
    elif form != 'full':
        raise SystemExit(f'unknown form {form}')
    return model


def answer(**values):
    print(json.dumps(values), flush=True)


def main(model_name, form, folder, threads, device, size):
    torch.set_num_threads(int(threads))
    torch.set_num_interop_threads(1)
    model = build(model_name, form, folder, int(size)).to(device)
    batch = load_file(f'{folder}/batch.safetensors')
    images, labels = batch['images'].to(device), batch['labels'].long().to(device)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=1e-3, weight_decay=1e-4)
    answer(ready=True, trainable=sum(p.numel() for p in trained))
    for line in sys.stdin:
        if line.strip() == 'memory':
            answer(peakMiB=peak_mebibytes())
            continue
        with Stopwatch() as watch:
            loss = F.cross_entropy(model(images), labels)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            if device == 'cuda':
                torch.cuda.synchronize()
        answer(seconds=watch.seconds, others=watch.others, loss=loss.item())


main(*sys.argv[1:])
