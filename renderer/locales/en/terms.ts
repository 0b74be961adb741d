/** The field's terms, each explained once, for tooltips. */
export const terms = {
  backbone: {
    name: 'backbone',
    text: 'A vision transformer that was trained on many images before. It stays as it is; the adapter changes what it sees.',
  },
  adapter: {
    name: 'adapter',
    text: 'The small file that training makes. Together with its backbone it recognises your classes.',
  },
  dataset: {
    name: 'dataset',
    text: 'Folders of images that are imported by reference: they stay where they are and are never changed.',
  },
  run: { name: 'run', text: 'One training, with its settings, its course and its result.' },
  validationAccuracy: {
    name: 'validation accuracy',
    text: 'Share of the validation images, which training never sees, whose first answer is right.',
  },
  epoch: { name: 'epoch', text: 'One pass over all training images.' },
  step: { name: 'step', text: 'One batch of images, and one change of the trained weights.' },
  loss: {
    name: 'loss',
    text: 'How far the answers are from the truth, in nats; it also counts how sure they are. 0 would be perfect. Rising validation loss tells of overfitting.',
  },
  accuracy: {
    name: 'accuracy',
    text: 'Share of images whose first answer is right: of each batch while it is trained on, and of the validation images, which are never trained on.',
  },
  waiting: {
    name: 'waiting for images',
    text: 'Share of the time in which training waited for images to be read. Much of it tells of a slow disk or very large images.',
  },
  trainedParameters: {
    name: 'trained parameters',
    text: 'How many numbers training changes. Fewer make a smaller file and overfit less; more can fit more.',
  },
  memory: {
    name: 'memory',
    text: 'An estimate of what training needs at its peak, against what is free now. It grows with batch size, image size and backbone.',
  },
  merge: {
    name: 'merge',
    text: 'Writes the adapter into a copy of the backbone: one model file that needs nothing else and is as fast as before.',
  },
  threads: {
    name: 'threads',
    text: 'How many processor cores training may use. Fewer leave more of the computer to other work.',
  },
  device: {
    name: 'compute device',
    text: 'What does the arithmetic: the processor, or a graphics card of NVIDIA when there is one.',
  },
  tensorflow: {
    name: 'TensorFlow',
    text: 'The native library that trains. Without it a slower one takes over.',
  },
};
