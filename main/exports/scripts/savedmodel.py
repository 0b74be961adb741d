"""Classify JPEG and PNG pictures: python predict.py PICTURE...   (pip install tensorflow)"""
import os, sys
from pathlib import Path

refused = 0 if sys.argv[1:] else sys.exit(__doc__)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # It reports what it finds at every start.
try:
    import tensorflow as tf
except ImportError as error:
    sys.exit(f"{__doc__}\n{error}")

here = Path(__file__).parent
labels = (here / "labels.txt").read_text("utf-8").split("\n")
classify = tf.saved_model.load(str(here)).signatures["files"]

for path in sys.argv[1:]:
    try:
        answer = classify(file=tf.constant(Path(path).read_bytes()))
    except (OSError, tf.errors.OpError) as error:
        unread = isinstance(error, tf.errors.InvalidArgumentError)
        reason = "TensorFlow reads no JPEG or PNG in it" if unread else error
        print(f"{path} is not classified: {reason}", file=sys.stderr)
        refused = 1
        continue
    probabilities = answer["probabilities"].numpy()[0]
    best = probabilities.argsort()[::-1][:5]
    print(path, *(f"{labels[i]} {100 * probabilities[i]:.1f} %" for i in best), sep="  ")
sys.exit(refused)
