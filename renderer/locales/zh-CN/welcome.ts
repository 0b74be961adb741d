import type { welcome as en } from '../en/welcome.ts';
import type { Shape } from '../shape.ts';

export const welcome: Shape<typeof en> = {
  title: '让视觉模型学会识别您的类别',
  lead: 'KARST Studio 用您的图像适配预训练的视觉 Transformer。一切都在这台计算机上完成，任何数据都不会离开它。',
  sample: {
    title: '先看效果',
    body: '用自带的示例（1,797 张手写数字）训练一个适配器，约需两分钟。您可以看到每一步，并保留结果。',
    start: '训练示例',
    missing: '此安装不包含示例。',
    steps: {
      importing: '导入图像',
      training: '训练适配器',
      finishing: '保留最佳适配器',
    },
    watch: '查看训练过程',
    done: '您的第一个适配器已就绪',
    doneBody: '对从未见过的验证图像，它能正确识别 {top1}。',
    tryIt: '用图像试用',
    project: '打开项目',
    again: '重试',
    cancelled: '示例训练已取消。',
    accuracy: '目前的验证准确率',
    accuracyNone: '第一轮结束后显示',
  },
  own: {
    title: '使用我自己的图像',
    body: '只需为每个类别准备一个文件夹，里面放上该类别的图像。不会复制或修改任何文件。',
    start: '新建项目',
  },
  hardware: {
    title: '这台计算机',
    asking: '正在检测这台计算机的能力',
    processor: '处理器',
    memory: '内存',
    disk: '磁盘可用空间',
    engine: '引擎',
    cores: '{count} 核',
    memoryOf: '共 {total}，可用 {free}',
    free: '可用 {free}',
    gpu: '已找到显卡。训练将使用它，比仅用处理器快许多倍。',
    cpu: '没有找到可用于训练的显卡，将由处理器完成训练。中小型骨干网络可以顺利训练，大型的需要耐心等待。',
    slow: '未安装原生引擎，由较慢的实现代替：适合试看，不适合长时间训练。',
    lowMemory: '内存较少，请选择较小的批量。',
    failed: '引擎无法在这台计算机上启动。',
  },
  skip: '跳过',
};
