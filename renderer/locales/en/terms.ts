/** The field's terms, each explained once, for tooltips. */
export const terms = {
  backbone: {
    name: 'backbone',
    text: 'A pre-trained vision transformer. Its weights stay frozen; the adapter changes what it computes.',
  },
  adapter: {
    name: 'adapter',
    text: 'The small file that training makes. Together with its backbone it recognizes your classes.',
  },
  dataset: {
    name: 'dataset',
    text: 'Folders of images that are imported by reference: they stay where they are and are never changed.',
  },
  run: { name: 'run', text: 'One training, with its settings, history and result.' },
  validationAccuracy: {
    name: 'validation accuracy',
    text: 'Fraction of the validation images, which training never sees, whose top-1 prediction is correct.',
  },
  epoch: { name: 'epoch', text: 'One pass over all training images.' },
  step: { name: 'step', text: 'One batch of images and one update of the trainable weights.' },
  loss: {
    name: 'loss',
    text: 'Cross-entropy between predictions and labels: it also counts how confident the predictions are. 0 is perfect. A rising validation loss is a sign of overfitting.',
  },
  accuracy: {
    name: 'accuracy',
    text: 'Fraction of images whose top-1 prediction is correct: of each training batch, and of the validation images, which are never trained on.',
  },
  waiting: {
    name: 'waiting for images',
    text: 'Fraction of the time in which training waited for images to be loaded. Much of it points to a slow disk or very large images.',
  },
  duration: {
    name: 'duration',
    text: 'Time of the training: start, computing features, compiling and validation included. Pauses, waiting in the queue and interruptions are not.',
  },
  trainedParameters: {
    name: 'trainable parameters',
    text: 'How many parameters training updates. Fewer make a smaller file and overfit less; more can fit more.',
  },
  memory: {
    name: 'memory',
    text: 'An estimate of what training needs at its peak, against what is free now. It grows with batch size, image size and backbone.',
  },
  merge: {
    name: 'merge',
    text: 'Writes the adapter into a copy of the backbone: one model file that needs nothing else and is as fast as the backbone.',
  },
  threads: {
    name: 'threads',
    text: 'How many CPU cores training may use. Fewer leave more of the computer to other work.',
  },
  device: {
    name: 'compute device',
    text: 'What computes: the CPU, or an NVIDIA GPU when there is one.',
  },
  tensorflow: {
    name: 'TensorFlow',
    text: 'The native library that trains. Without it a slower one takes over.',
  },
};
