import type { tryIt as en } from '../en/tryIt.ts';
import type { Shape } from '../shape.ts';

export const tryIt: Shape<typeof en> = {
  title: '试用',
  adapter: '适配器',
  choose: '选择图像',
  chooseTitle: '选择图像',
  drop: '将图像拖放到此处、粘贴，或选择文件。',
  dropNow: '松开即可试用这些图像',
  camera: '使用摄像头',
  shoot: '拍照',
  stopCamera: '停止摄像头',
  cameraLabel: '摄像头画面',
  cameraRefused: '无法使用摄像头。',
  cameraRefusedTodo: '请允许此窗口使用，或检查是否有其他程序正在使用。',
  folder: '整个文件夹',
  folderDialog: {
    title: '用 {name} 预测整个文件夹',
    folder: '图像文件夹',
    chooseFolder: '选择图像文件夹',
    table: '输出 CSV',
    tableHelp: '每张图像的前五个预测。请使用尚不存在的名称；不会覆盖任何文件。',
    chooseTable: '保存输出 CSV',
    start: '开始',
    done: '没有找到图像。 | 已写入一张图像的预测。 | 已写入 {count} 张图像的预测。',
    unreadable:
      '所有文件均可读取。 | 有一个文件无法读取，原因见其所在行。 | 有 {count} 个文件无法读取，原因见其所在行。',
  },
  empty: {
    title: '还没有可试用的内容',
    body: '试用需要一个适配器。请训练一个，或导入到适配器库。',
    action: '设置训练',
  },
  answers: '预测',
  clear: '清除',
  working: '正在预测',
  photo: '照片 {number}',
  pasted: '粘贴 {number}',
  tooMany: '只取了前 {count} 张图像。整个文件夹可预测并写入 CSV。',
  notImage: '{name} 不是图像。',
};
