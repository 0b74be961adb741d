import type { units as en } from '../en/units.ts';
import type { Shape } from '../shape.ts';

export const units: Shape<typeof en> = {
  percent: '{value}%',
  milliseconds: '{value} 毫秒',
  seconds: '{value} 秒',
  minutes: '{minutes} 分钟',
  minutesSeconds: '{minutes} 分 {seconds} 秒',
  hours: '{hours} 小时',
  hoursMinutes: '{hours} 小时 {minutes} 分',
  days: '{days} 天',
  daysHours: '{days} 天 {hours} 小时',
  left: '剩余 {duration}',
  imagesPerSecond: '{value} 张/秒',
  stepsPerSecond: '{value} 步/秒',
  images: '{count} 张图像',
  classes: '{count} 个类别',
  folders: '{count} 个文件夹',
  files: '{count} 个文件',
  runs: '{count} 次训练',
  datasets: '{count} 个数据集',
  epochs: '{count} 轮',
  steps: '{count} 步',
  blocks: '{count} 个块',
  parameters: '{value} 参数',
};
