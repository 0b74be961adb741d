import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { Interpreter } from '../../../main/backends/tfjs/interpreter.ts';
import { loadTensorFlow, openNativeSession } from '../../../main/engine/runtime/tensorflow.ts';
import { testMerging, testSession } from './oracle.ts';

testSession({
  name: 'the interpreter on tfjs-core',
  prepare: () => tf.setBackend('cpu'),
  execute: (program) => new Interpreter(program),
});

testSession({
  name: 'native TensorFlow, compiled by XLA',
  prepare: async () => {
    // Compiles as the studio does, unlike most tests.
    delete process.env['XLA_FLAGS'];
    loadTensorFlow();
    return tf.setBackend('tensorflow');
  },
  execute: openNativeSession,
});

testMerging();
