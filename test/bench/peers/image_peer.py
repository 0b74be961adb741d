"""timm's own loader as a subject: image_peer.py SIZE BATCH WORKERS FORM, driven line by line.

FORM: `timm` (ImageDataset and create_loader as they are, with Pillow), `timm-draft` (the same, but Pillow asks the JPEG
decoder for a reduced image of at least twice the size needed). The line `check FOLDER` opens a folder of class folders
and answers `{"images", "mean"}` after one pass over all images; `load FOLDER` makes another pass and answers
`{"seconds", "cpuSeconds", "others"}`. Workers persist between passes.
"""
import json
import os
import sys
import time

import timm.data
import torch
from PIL import Image

from processor import machine_seconds

CROP = 0.9


class Drafted(timm.data.ImageDataset):
    """Uses Image.draft, as for thumbnails."""

    side = 0

    def __getitem__(self, index):
        file, target = self.reader[index]
        image = Image.open(file)
        shorter = min(image.size)
        if shorter >= 4 * self.side:
            share = 2 * self.side / shorter
            image.draft('RGB', tuple(int(share * n) for n in image.size))
        return self.transform(image.convert('RGB')), target


def worker_seconds(loader):
    """CPU seconds of the worker processes so far."""
    total = 0.0
    for worker in getattr(getattr(loader, '_iterator', None), '_workers', []):
        with open(f'/proc/{worker.pid}/stat') as stat:
            fields = stat.read().rsplit(')', 1)[1].split()
        total += (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')
    return total


def open_loader(folder, size, batch, workers, form):
    dataset = (Drafted if form == 'timm-draft' else timm.data.ImageDataset)(folder)
    dataset.side = int(size / CROP)
    return timm.data.create_loader(
        dataset,
        input_size=(3, size, size),
        batch_size=batch,
        interpolation='bicubic',
        crop_pct=CROP,
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
        num_workers=workers,
        persistent_workers=True,
        use_prefetcher=False,
        device=torch.device('cpu'),
    )


def answer(**values):
    print(json.dumps(values), flush=True)


def main(size, batch, workers, form):
    torch.set_num_threads(1)
    loaders = {}
    answer(ready=True)
    for line in sys.stdin:
        command, folder = line.strip().split(' ', 1)
        if command == 'check':
            loader = loaders[folder] = open_loader(folder, int(size), int(batch), int(workers), form)
            total, count = 0.0, 0
            for pixels, _ in loader:
                total += pixels.double().mean().item() * len(pixels)
                count += len(pixels)
            answer(images=count, mean=total / count)
            continue
        loader = loaders[folder]
        own, machine, start = time.process_time() + worker_seconds(loader), machine_seconds(), time.perf_counter()
        for _ in loader:
            pass
        seconds = time.perf_counter() - start
        used = time.process_time() + worker_seconds(loader) - own
        answer(seconds=seconds, cpuSeconds=used, others=max(0.0, (machine_seconds() - machine - used) / seconds))


main(*sys.argv[1:])
