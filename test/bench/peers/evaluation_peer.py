"""timm's evaluation of a batch, driven line by line: evaluation_peer.py MODEL FOLDER THREADS DEVICE SIZE

Runs the folder's backbone under torch.inference_mode and computes the logits of every image, the
probabilities of its five most likely classes and the mean loss. Answers `{"ready"}`, then
`{"seconds", "others", "loss"}` for each line of standard input.
"""
import json
import sys

import timm
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from processor import Stopwatch
from stored_names import head_name


def answer(**values):
    print(json.dumps(values), flush=True)


def main(model_name, folder, threads, device, size):
    torch.set_num_threads(int(threads))
    torch.set_num_interop_threads(1)
    backbone = load_file(f'{folder}/backbone.safetensors')
    classes = next(bias for name, bias in backbone.items() if head_name(name) == 'head.bias').shape[0]
    model = timm.create_model(model_name, num_classes=classes, img_size=int(size))
    model.load_state_dict(backbone)
    model.eval().to(device)
    batch = load_file(f'{folder}/batch.safetensors')
    answer(ready=True)
    with torch.inference_mode():
        for _ in sys.stdin:
            with Stopwatch() as watch:
                logits = model(batch['images'].to(device))
                logits.softmax(-1).topk(5)
                # Reading the value synchronises with the card.
                loss = F.cross_entropy(logits, batch['labels'].long().to(device)).item()
            answer(seconds=watch.seconds, others=watch.others, loss=loss)


main(*sys.argv[1:])
