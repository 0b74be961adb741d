"""Maps the tensor names of karst_torch.py to those of the adapter format."""
STORED = {
    'C': 'karst_c',
    'A': 'karst_a',
    'B': 'karst_b',
    'in_s': 'in_scale',
    'in_b': 'in_shift',
    'out_s': 'out_scale',
    'out_b': 'out_shift',
}


def head_name(name):
    """Name of a tensor of the classifier, whatever module of the head timm keeps it in."""
    return name.replace('head.fc.', 'head.')
