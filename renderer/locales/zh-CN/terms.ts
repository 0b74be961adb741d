import type { terms as en } from '../en/terms.ts';
import type { Shape } from '../shape.ts';

export const terms: Shape<typeof en> = {
  backbone: {
    name: '骨干网络',
    text: '事先在大量图像上训练好的视觉 Transformer。其权重保持冻结，适配器改变它的计算。',
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
    text: '训练中从未使用的验证图像里，Top-1 预测正确的比例。',
  },
  epoch: { name: '轮', text: '遍历一次全部训练图像。' },
  step: { name: '步', text: '处理一批图像，并更新一次所训练的权重。' },
  loss: {
    name: '损失',
    text: '预测与标签之间的交叉熵，同时反映预测的置信程度。0 为完美。验证损失上升说明过拟合。',
  },
  accuracy: {
    name: '准确率',
    text: 'Top-1 预测正确的图像比例：训练线为每个批次，验证线为从不参与训练的验证图像。',
  },
  waiting: {
    name: '等待图像',
    text: '训练等待读取图像的时间比例。比例高说明磁盘较慢或图像过大。',
  },
  duration: {
    name: '用时',
    text: '训练所用的时间，包括启动、计算特征、编译和验证；不包括暂停、排队和中断。',
  },
  trainedParameters: {
    name: '可训练参数量',
    text: '训练会更新多少个参数。越少文件越小、越不易过拟合；越多拟合能力越强。',
  },
  memory: {
    name: '内存',
    text: '训练峰值所需内存的估计，与当前可用内存对照。随批大小、图像尺寸和骨干网络增长。',
  },
  merge: {
    name: '合并',
    text: '将适配器写入骨干网络的副本，得到一个独立的模型文件，速度与原来相同。',
  },
  threads: {
    name: '线程',
    text: '训练可使用的 CPU 核心数。较少的线程会为其他工作留出更多资源。',
  },
  device: {
    name: '计算设备',
    text: '执行运算的设备：CPU，或可用的 NVIDIA GPU。',
  },
  tensorflow: {
    name: 'TensorFlow',
    text: '负责训练的原生库。缺少时由较慢的实现代替。',
  },
};
