import type { charts as en } from '../en/charts.ts';
import type { Shape } from '../shape.ts';

export const charts: Shape<typeof en> = {
  along: { epochs: '轮', steps: '步' },
  at: { epochs: '第 {place} 轮', steps: '第 {place} 步' },
  measure: {
    loss: '损失（交叉熵）',
    accuracy: '准确率（%）',
    learningRate: '学习率',
    imagesPerSecond: '每秒图像数',
  },
  series: { train: '训练', validation: '验证', learningRate: '学习率' },
  best: '最佳：第 {epoch} 轮',
  xAxis: '横轴',
  smoothing: {
    label: '平滑',
    off: '不平滑',
    over: '按 {count} 步平滑',
  },
  empty: '尚无数据',
  table: '表格',
  read: '{title}的数值；用方向键沿图表移动',
  toggle: '隐藏或显示{label}',
  actions: '保存{title}',
  savePicture: '保存为图片',
  saveCsv: '保存为 CSV',
  zoomOut: '显示全部',
};
