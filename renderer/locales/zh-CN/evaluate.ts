import type { evaluate as en } from '../en/evaluate.ts';
import type { Shape } from '../shape.ts';

export const evaluate: Shape<typeof en> = {
  title: '评估',
  of: '{adapter} 在 {dataset} 上',
  reads:
    '测试图像尚未被查看过。 | 测试图像到目前为止已查看 {count} 次。 | 测试图像到目前为止已查看 {count} 次。',
  missing: '此评估已不在库中。',
  again: '重新评估',
  toAdapter: '前往适配器',
  figures: {
    label: '评估数据',
    top1: '准确率',
    top5: 'Top-5 准确率',
    loss: '损失',
    macroF1: '宏平均 F1',
    macroF1Note: '各类别的平均',
    images: '图像',
  },
  tabs: { label: '评估的各部分', matrix: '混淆矩阵', classes: '类别', mistakes: '错误' },
  matrix: {
    title: '混淆矩阵',
    explain: '行是真实类别，列是预测类别。点击单元格可查看对应的图像。',
    truth: '真实 ↓',
    predicted: '预测 →',
    counts: '数量',
    shares: '归一化（召回率）',
    show: '单元格内容',
    cell: '真实 {truth}，预测 {predicted}：{count}',
    csv: 'CSV',
    none: '这里没有图像。',
  },
  classes: {
    label: '类别',
    images: '图像',
    precision: '精确率',
    precisionText: '预测为此类别的图像中，确属此类别的比例。',
    recall: '召回率',
    recallText: '属于此类别的图像中，被预测为此类别的比例。',
    f1: 'F1',
    f1Text: '精确率与召回率的调和平均。',
  },
  images: {
    right: '{truth}，正确',
    wrong: '真实 {truth}，预测 {predicted}',
    mistakes: '置信度最高的错误',
    noMistakes: '这些图像上没有任何错误。',
    more: '显示更多',
    answer: '{predicted}，置信度 {probability}',
    unreadable: '无法读取',
    name: '{file}：真实 {truth}，预测 {predicted}，置信度 {probability}',
  },
  classNotes: {
    quoted: '“{name}”',
    and: '和',
    renamed: '“{former}”现在叫“{name}”。',
    merged: '{former}已合并到“{name}”：它们的概率相加。',
    'left-out': '“{name}”不使用：其图像不参与评估。',
    unknown:
      '“{name}”没有图像参与评估。 | “{name}”的一张图像未评估：适配器不认识这个类别。 | “{name}”的 {count} 张图像未评估：适配器不认识这个类别。',
  },
};
