"""Classify JPEG and PNG pictures: python predict.py PICTURE...   (pip install tensorflow)"""
import sys
from pathlib import Path
import tensorflow as tf

here = Path(__file__).parent
labels = (here / "labels.txt").read_text("utf-8").splitlines()
classify = tf.saved_model.load(str(here)).signatures["files"]

for path in sys.argv[1:]:
    answer = classify(file=tf.constant(Path(path).read_bytes()))
    probabilities = answer["probabilities"].numpy()[0]
    best = probabilities.argsort()[::-1][:5]
    print(path, *(f"{labels[i]} {100 * probabilities[i]:.1f} %" for i in best), sep="  ")
