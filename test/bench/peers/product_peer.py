"""Rates of the libraries' matrix products, driven line by line: product_peer.py SHAPES THREADS

SHAPES is a JSON list of `{"rows", "columns", "depth"}`. Each line of standard input is answered with `{"PyTorch": rates,
"OpenBLAS": rates}`, a rate for each shape in 10⁹ floating point operations a second: the best of the tries, where the right
operand lies as a Linear's weight does (columns, depth) or as its transpose. OpenBLAS is the one in NumPy's wheel, whose threads
OPENBLAS_NUM_THREADS counts.
"""
import json
import sys
import time

import numpy as np
import torch

TRIES = 8


def best_seconds(multiply):
    seconds = []
    for _ in range(TRIES):
        began = time.perf_counter()
        multiply()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def rates(shapes, make, multiply):
    found = []
    for shape in shapes:
        rows, columns, depth = shape['rows'], shape['columns'], shape['depth']
        left, out = make(rows, depth), make(rows, columns)
        seconds = [
            best_seconds(lambda: multiply(left, right, out)) for right in (make(depth, columns), make(columns, depth).T)
        ]
        found.append(2e-9 * rows * columns * depth / min(seconds))
    return found


def main(shapes, threads):
    torch.set_num_threads(threads)
    generator = np.random.default_rng(0)

    def array(rows, columns):
        return generator.standard_normal((rows, columns), dtype=np.float32)

    print(json.dumps({'ready': True}), flush=True)
    for _ in sys.stdin:
        answer = {
            'PyTorch': rates(
                shapes,
                lambda rows, columns: torch.from_numpy(array(rows, columns)),
                lambda left, right, out: torch.mm(left, right, out=out),
            ),
            'OpenBLAS': rates(shapes, array, lambda left, right, out: np.matmul(left, right, out=out)),
        }
        print(json.dumps(answer), flush=True)


main(json.loads(sys.argv[1]), int(sys.argv[2]))
