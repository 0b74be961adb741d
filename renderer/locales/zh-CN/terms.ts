import type { terms as en } from '../en/terms.ts';
import type { Shape } from '../shape.ts';

export const terms: Shape<typeof en> = {
  backbone: {
    name: '骨干网络',
    text: '事先在大量图像上训练好的视觉 Transformer。它本身保持不变，适配器改变它看到的内容。',
  },
  adapter: {
    name: '适配器',
    text: '训练得到的小文件。与骨干网络一起即可识别您的类别。',
  },
  dataset: {
    name: '数据集',
    text: '以引用方式导入的图像文件夹：图像留在原处，绝不会被修改。',
  },
  run: { name: '训练记录', text: '一次训练，包括其设置、过程和结果。' },
  validationAccuracy: {
    name: '验证准确率',
    text: '训练中从未使用的验证图像里，首选答案正确的比例。',
  },
  merge: {
    name: '合并',
    text: '将适配器写入骨干网络的副本，得到一个独立的模型文件，速度与原来相同。',
  },
  threads: {
    name: '线程',
    text: '训练可使用的处理器核心数。较少的线程会为其他工作留出更多资源。',
  },
  device: {
    name: '计算设备',
    text: '执行运算的设备：处理器，或可用的 NVIDIA 显卡。',
  },
  tensorflow: {
    name: 'TensorFlow',
    text: '负责训练的原生库。缺少时由较慢的实现代替。',
  },
};
