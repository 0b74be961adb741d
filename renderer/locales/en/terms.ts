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
