"""A whole job as a practitioner would write it with timm and PEFT: job_peer.py --backbone PATH --data LIST [options]

Fine-tunes LoRA (rank 8, alpha 8, on qkv) and a new head: images resized to 8/7 of the side, centre crop, ImageNet mean and
std, no augmentation; AdamW, weight decay 1e-4, cosine to 0. PATH is a Hugging Face folder of DINOv2, or a folder or file of
timm's (`--model` names its architecture where no config.json does). LIST has a line of JSON per image: `file_name`, `label`,
`split` (train or val). Prints a line of JSON after the first step, `{"event": "step"}`, and after each epoch's validation,
`{"event": "epoch", "epoch", "trainSeconds", "valSeconds", "top1"}`.
"""
import argparse
import json
import time
from pathlib import Path

import peft
import timm
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file
from timm.data import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
from timm.models.vision_transformer import VisionTransformer, checkpoint_filter_fn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms
from torchvision.transforms import InterpolationMode

BLOCK_NAMES = {
    'norm1': 'norm1',
    'norm2': 'norm2',
    'attention.output.dense': 'attn.proj',
    'mlp.fc1': 'mlp.fc1',
    'mlp.fc2': 'mlp.fc2',
}
OTHER_NAMES = {
    'embeddings.cls_token': 'cls_token',
    'embeddings.position_embeddings': 'pos_embed',
    'embeddings.patch_embeddings.projection.weight': 'patch_embed.proj.weight',
    'embeddings.patch_embeddings.projection.bias': 'patch_embed.proj.bias',
    'layernorm.weight': 'norm.weight',
    'layernorm.bias': 'norm.bias',
}


class Images(Dataset):
    def __init__(self, rows, classes, transform):
        self.rows, self.classes, self.transform = rows, classes, transform

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        row = self.rows[index]
        image = Image.open(row['file_name']).convert('RGB')
        return self.transform(image), self.classes.index(row['label'])


def timm_names(stored, depth):
    """Weights of Hugging Face's Dinov2Model under timm's names."""
    named = {new: stored[old] for old, new in OTHER_NAMES.items()}
    for i in range(depth):
        old, new = f'encoder.layer.{i}', f'blocks.{i}'
        for leaf in ('weight', 'bias'):
            parts = [stored[f'{old}.attention.attention.{part}.{leaf}'] for part in ('query', 'key', 'value')]
            named[f'{new}.attn.qkv.{leaf}'] = torch.cat(parts)
            for theirs, ours in BLOCK_NAMES.items():
                named[f'{new}.{ours}.{leaf}'] = stored[f'{old}.{theirs}.{leaf}']
        for scale, ours in (('layer_scale1', 'ls1'), ('layer_scale2', 'ls2')):
            named[f'{new}.{ours}.gamma'] = stored[f'{old}.{scale}.lambda1']
    return named


def open_backbone(path, name, size, classes):
    file = path / 'model.safetensors' if path.is_dir() else path
    beside = file.parent / 'config.json'
    config = json.loads(beside.read_text()) if beside.exists() else {}
    weights = load_file(file)
    if config.get('model_type') == 'dinov2':
        model = VisionTransformer(
            img_size=size,
            patch_size=config['patch_size'],
            embed_dim=config['hidden_size'],
            depth=config['num_hidden_layers'],
            num_heads=config['num_attention_heads'],
            mlp_ratio=config['mlp_ratio'],
            init_values=1.0,
            num_classes=classes,
        )
        weights = timm_names(weights, config['num_hidden_layers'])
    else:
        model = timm.create_model(name or config['architecture'], img_size=size, num_classes=classes)
        weights = {key: value for key, value in weights.items() if not key.startswith('head.')}
    # Resamples the position embeddings to this size.
    weights = checkpoint_filter_fn(weights, model)
    missing, unexpected = model.load_state_dict(weights, strict=False)
    if unexpected or any(not key.startswith('head.') for key in missing):
        raise SystemExit(f'{file}: missing {missing}, unexpected {unexpected}')
    return model


def read_loaders(options):
    rows = [json.loads(line) for line in Path(options.data).read_text().splitlines() if line]
    classes = sorted({row['label'] for row in rows})
    transform = transforms.Compose(
        [
            transforms.Resize(options.size * 8 // 7, interpolation=InterpolationMode.BICUBIC),
            transforms.CenterCrop(options.size),
            transforms.ToTensor(),
            transforms.Normalize(IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD),
        ]
    )
    shared = {'batch_size': options.batch, 'num_workers': options.workers, 'persistent_workers': options.workers > 0}
    parts = {split: [row for row in rows if row['split'] == split] for split in ('train', 'val')}
    train = DataLoader(Images(parts['train'], classes, transform), shuffle=True, **shared)
    return train, DataLoader(Images(parts['val'], classes, transform), **shared), classes


def validate(model, loader):
    model.eval()
    right = 0
    with torch.inference_mode():
        for images, labels in loader:
            right += (model(images).argmax(-1) == labels).sum().item()
    model.train()
    return right / len(loader.dataset)


def answer(**values):
    print(json.dumps(values), flush=True)


def main(options):
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    train, val, classes = read_loaders(options)
    model = open_backbone(Path(options.backbone), options.model, options.size, len(classes))
    config = peft.LoraConfig(r=8, lora_alpha=8, target_modules=['qkv'], modules_to_save=['head'])
    model = peft.get_peft_model(model, config)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=options.rate, weight_decay=1e-4)
    steps = options.epochs * len(train)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    model.train()
    first = True
    for epoch in range(options.epochs):
        began = time.perf_counter()
        for images, labels in train:
            loss = F.cross_entropy(model(images), labels)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
            if first:
                answer(event='step', loss=loss.item())
                first = False
        trained_at = time.perf_counter()
        top1 = validate(model, val)
        seconds = {'trainSeconds': trained_at - began, 'valSeconds': time.perf_counter() - trained_at}
        answer(event='epoch', epoch=epoch + 1, top1=top1, **seconds)


parser = argparse.ArgumentParser()
parser.add_argument('--backbone', required=True)
parser.add_argument('--model')
parser.add_argument('--data', required=True)
parser.add_argument('--size', type=int, default=224)
parser.add_argument('--batch', type=int, default=16)
parser.add_argument('--epochs', type=int, default=12)
parser.add_argument('--rate', type=float, default=1e-3)
parser.add_argument('--seed', type=int, default=0)
parser.add_argument('--workers', type=int, default=0)
parser.add_argument('--threads', type=int, default=2)
if __name__ == '__main__':
    # Workers start afresh where a process is not forked.
    main(parser.parse_args())
