import type { training as en } from '../en/training.ts';
import type { Shape } from '../shape.ts';

export const training: Shape<typeof en> = {
  group: {
    basics: '基本设置',
    karst: 'KARST',
    lora: 'LoRA',
    dora: 'DoRA',
    lokr: 'LoKr',
    fact: 'FacT-TT',
    repadapter: 'RepAdapter',
    vpt: 'VPT-deep',
    adaptformer: 'AdaptFormer',
    optimizer: '优化器',
    schedule: '学习率调度',
    augmentation: '数据增强',
    regularization: '正则化',
    run: '运行',
  },
  preset: {
    standard: {
      name: '标准',
      text: '两个核，20 轮。适合大多数图像集的起点。',
    },
    'paper-code': {
      name: '论文设置',
      text: '公开代码中的设置：八个核，100 轮。',
    },
    compact: {
      name: '紧凑',
      text: '与论文相同，但只用两个核：参数量为四分之一。',
    },
  },
  method: {
    karst: {
      name: 'KARST',
      text: '在冻结的权重旁加入小型克罗内克矩阵。效果接近全量微调，文件很小。',
    },
    lora: {
      name: 'LoRA',
      text: '在每个冻结的权重旁加入两个细长矩阵。应用广泛；文件小，可合并。',
    },
    dora: {
      name: 'DoRA',
      text: '在 LoRA 的基础上，将权重每一行的长度与方向分开训练。',
    },
    lokr: {
      name: 'LoKr',
      text: '在每个冻结的权重旁加入一个克罗内克积。各种适配器中文件最小。',
    },
    fact: {
      name: 'FacT-TT',
      text: '整个网络共用两个细长矩阵，每个权重另有一个小方阵。',
    },
    repadapter: {
      name: 'RepAdapter',
      text: '在注意力和 MLP 之前加入窄的线性层，可合并到其后的层中。',
    },
    ssf: {
      name: 'SSF',
      text: '对每一层的输出逐通道缩放和平移。',
    },
    difffit: {
      name: 'DiffFit',
      text: '训练偏置和归一化层，以及每个分支逐通道的系数。',
    },
    bitfit: {
      name: 'BitFit',
      text: '只训练偏置。不易出错，文件很小。',
    },
    lntune: {
      name: 'LN-tune',
      text: '只训练层归一化。除分类器外参数最少。',
    },
    vpt: {
      name: 'VPT-deep',
      text: '在每个块的图像块旁加入可训练的词元。无法合并；导出时作为附加部分保留。',
    },
    adaptformer: {
      name: 'AdaptFormer',
      text: '在每个 MLP 旁加入一个窄网络。无法合并；导出时作为附加层保留。',
    },
    linear: {
      name: '线性探测',
      text: '只训练新的分类器。最快；骨干网络已熟悉此类图像时足够。',
    },
    full: {
      name: '全量微调',
      text: '训练骨干网络的全部权重。能力最强，也最需要内存、图像和细心。',
    },
  },
  setting: {
    method: {
      name: '方法',
      text: '训练哪些参数：小型适配器、仅分类器，或全部权重。',
    },
    karst: {
      rank: {
        name: '秩',
        text: '每个小矩阵乘积的秩。越高拟合能力越强，代价也越大；通常为 4 到 16。0（Swin 的默认值）表示每个阶段取其宽度的 1/128，至少为 2。',
      },
      kernels: {
        name: '核数',
        text: '每个权重由多少个克罗内克积相加而成。越多拟合能力越强，参数量随之增加。',
      },
      factor: {
        name: '因子',
        text: '每个克罗内克积较小一边的最大尺寸。-1 表示两边尽可能相等。',
      },
      alpha: {
        name: 'Alpha',
        text: '适配器的强度：其改变量乘以 alpha 除以秩。',
      },
      init: {
        name: '初始化',
        text: '矩阵初始值的抽取方式。无论哪种，初始改变量都为零。',
      },
      rescale: {
        name: '重缩放',
        text: '注意力处和每个块末端的可训练系数：无、单个数值或每通道一个。',
      },
      rankDropout: {
        name: '秩丢弃',
        text: '每一步中丢弃某个方向的概率。适量有助于防止过拟合。',
      },
      targetModules: {
        name: '适配的层',
        text: '每个块中哪些线性层加入适配器。通常为全部。',
      },
    },
    lora: {
      rank: {
        name: '秩',
        text: '每个权重改变量的秩。越高拟合能力越强，代价也越大；通常为 4 到 16。',
      },
      alpha: {
        name: 'Alpha',
        text: '适配器的强度：其改变量乘以 alpha 除以秩。',
      },
      rankStabilized: {
        name: '秩稳定',
        text: '改为乘以 alpha 除以秩的平方根，使高秩与低秩学得一样快（rsLoRA）。',
      },
      dropout: {
        name: '丢弃',
        text: '每一步中丢弃适配器某个输入的概率。适量有助于防止过拟合。',
      },
      targetModules: {
        name: '适配的层',
        text: '每个块中哪些线性层加入适配器。通常为全部。',
      },
    },
    dora: {
      rank: {
        name: '秩',
        text: '每个权重方向改变量的秩。越高拟合能力越强，代价也越大。',
      },
      alpha: {
        name: 'Alpha',
        text: '适配器的强度：其改变量乘以 alpha 除以秩。',
      },
      rankStabilized: {
        name: '秩稳定',
        text: '改为乘以 alpha 除以秩的平方根，使高秩与低秩学得一样快（rsLoRA）。',
      },
      targetModules: {
        name: '适配的层',
        text: '每个块中哪些线性层加入适配器。通常为全部。',
      },
    },
    lokr: {
      rank: {
        name: '秩',
        text: '较大的克罗内克因子的秩。秩不小于其边长一半时，该因子完整保存。',
      },
      alpha: {
        name: 'Alpha',
        text: '适配器的强度：其改变量乘以 alpha 除以秩。',
      },
      factor: {
        name: '因子',
        text: '每个克罗内克积较小一边的最大尺寸。-1 表示两边尽可能相等。',
      },
      decomposeBoth: {
        name: '两个因子均低秩',
        text: '较小的因子也采用低秩。',
      },
      targetModules: {
        name: '适配的层',
        text: '每个块中哪些线性层加入适配器。通常为全部。',
      },
    },
    fact: {
      rank: {
        name: '秩',
        text: '每个权重改变量的秩。参数量随秩的平方增长。',
      },
      scale: {
        name: '系数',
        text: '适配器的强度：其改变量乘以此数。',
      },
    },
    repadapter: {
      hidden: {
        name: '瓶颈宽度',
        text: '每个适配器瓶颈的宽度。',
      },
      scale: {
        name: '系数',
        text: '适配器的强度：其输出乘以此数。',
      },
    },
    vpt: {
      prompts: {
        name: '提示词元数',
        text: '每个块中可训练词元的数量。越多拟合能力越强，但每个块的计算时间更长。',
      },
    },
    adaptformer: {
      bottleneck: {
        name: '瓶颈宽度',
        text: '每个适配器瓶颈的宽度。',
      },
      scale: {
        name: '系数',
        text: '适配器的强度：其输出乘以此数。',
      },
    },
    optimizer: {
      name: {
        name: '优化器',
        text: '权重跟随梯度更新的规则。Muon 适合全量微调中的大矩阵。',
      },
      learningRate: {
        name: '学习率',
        text: '每一步的大小。过大会发散，过小则学得慢。每种方法有各自的默认值。',
      },
      muonLearningRate: {
        name: 'Muon 学习率',
        text: 'Muon 所训练矩阵的步长；通常为 0.02。',
      },
      weightDecay: {
        name: '权重衰减',
        text: '将权重轻轻拉向零。越大越能防止过拟合。',
      },
      decayOn: {
        name: '权重衰减对象',
        text: '对哪些权重衰减：通常只对矩阵，也可包括偏置和系数。',
      },
      beta1: {
        name: 'Beta 1',
        text: '一阶矩（梯度的滑动平均）的衰减率。',
      },
      beta2: {
        name: 'Beta 2',
        text: '二阶矩（梯度平方的滑动平均）的衰减率。',
      },
      epsilon: {
        name: 'Epsilon',
        text: '加在更新公式分母上的小量，用于数值稳定。',
      },
      clipNorm: {
        name: '梯度裁剪（最大范数）',
        text: '全局范数更大的梯度会缩小到此值，使个别异常批次无害。0 表示关闭。',
      },
    },
    schedule: {
      epochs: {
        name: '轮数',
        text: '全部训练图像被看过的次数。已完成的训练可以再追加轮数。',
      },
      warmupEpochs: {
        name: '预热轮数',
        text: '学习率升至完整大小所用的轮数，使开始平缓。',
      },
      warmupStart: {
        name: '初始学习率系数',
        text: '预热开始时学习率所占的比例。',
      },
      cosineEnd: {
        name: '最终学习率系数',
        text: '结束时学习率剩余的比例，沿余弦曲线下降。',
      },
    },
    augmentation: {
      cropScaleMin: {
        name: '随机缩放裁剪，最小比例',
        text: '随机裁剪保留图像的最小比例。1 表示不裁剪。',
      },
      padCrop: {
        name: '随机平移',
        text: '每张图像最多移动的像素数，边缘以黑色填充。0 表示关闭。',
      },
      flip: {
        name: '水平翻转',
        text: '随机左右翻转一半图像。左右有含义时（如文字）请关闭。',
      },
      colorJitter: {
        name: '颜色抖动',
        text: '亮度、对比度和饱和度的变化幅度。0 表示关闭。',
      },
      rotation: {
        name: '旋转',
        text: '每张图像向两侧最多旋转的角度。0 表示关闭。',
      },
      randAugmentOps: {
        name: 'RandAugment 操作数（N）',
        text: '每张图像从 RandAugment 列表中随机施加的操作数。0 表示关闭。',
      },
      randAugmentMagnitude: {
        name: 'RandAugment 强度（M）',
        text: '这些操作的强度，从 0 到 10。',
      },
      mixup: {
        name: 'Mixup',
        text: '将成对的图像及其标签混合；数值越大混合越均匀。0 表示关闭。',
      },
    },
    batchSize: {
      name: '批大小',
      text: '每一步使用的图像数。越多需要的内存越多，步骤越稳定。',
    },
    accumulate: {
      name: '梯度累积步数',
      text: '累加若干批次后再更新一步：用较少内存实现大批次。',
    },
    labelSmoothing: {
      name: '标签平滑',
      text: '略微降低标签的确定性，部分标签有误时有帮助。通常为 0.1。',
    },
    dropPath: {
      name: '路径丢弃',
      text: '训练中跳过某个块的概率，最后一块最大。有助于防止过拟合。',
    },
    patchDrop: {
      name: '图块丢弃',
      text: '每张图像训练时省去的图块比例，最后几轮除外。更快，略有损失。',
    },
    classWeightPower: {
      name: '类别权重',
      text: '稀有类别的权重：0 表示每张图像相同，1 表示每个类别相同。',
    },
    earlyStopping: {
      name: '早停',
      text: '验证结果连续若干轮没有改善时结束训练。0 表示从不。',
    },
    imageSize: {
      name: '图像尺寸',
      text: '图像的边长（像素），须为图块大小的倍数。0 表示骨干网络自身的尺寸。',
    },
    initialize: {
      name: '初始权重',
      text: '使用骨干网络自身的权重，或用随机权重从头训练其结构。',
    },
    matmulPrecision: {
      name: '矩阵乘法精度',
      text: '“高”更快：在多数处理器上使用 float32，在带 AMX 的处理器上与其相差不超过 1/65,536。“最高”始终使用 float32。',
    },
    seed: {
      name: '随机种子',
      text: '决定所有随机抽取。相同的种子和设置可重现相同的训练。',
    },
    checkpointEverySeconds: {
      name: '检查点间隔',
      text: '两个检查点之间的秒数；崩溃时最多损失这段时间。',
    },
    keepCheckpoints: {
      name: '保留检查点',
      text: '除最佳之外保留多少个检查点。',
    },
    validateEvery: {
      name: '验证间隔',
      text: '两次验证之间的轮数。',
    },
    gradientCheckpointing: {
      name: '梯度检查点',
      text: '反向传播时重新计算前面各块的激活值而不保留：内存更少，每步更久，结果相同。',
    },
  },
  choice: {
    method: {
      karst: 'KARST',
      lora: 'LoRA',
      dora: 'DoRA',
      lokr: 'LoKr',
      fact: 'FacT-TT',
      repadapter: 'RepAdapter',
      ssf: 'SSF',
      difffit: 'DiffFit',
      bitfit: 'BitFit',
      lntune: 'LN-tune',
      vpt: 'VPT-deep',
      adaptformer: 'AdaptFormer',
      linear: '线性探测',
      full: '全量微调',
    },
    karst: {
      init: { gaussian: '高斯', kaiming: 'Kaiming（论文）' },
      rescale: { none: '无', scalar: '单个数值', channel: '每通道一个' },
    },
    optimizer: {
      name: { adamw: 'AdamW', muon: 'Muon' },
      decayOn: { matrices: '矩阵', all: '全部权重' },
    },
    targetModules: {
      'attn-qkv': '查询、键、值',
      'attn-proj': '注意力输出',
      'mlp-fc1': 'MLP 输入',
      'mlp-fc2': 'MLP 输出',
    },
    initialize: { backbone: '预训练权重', random: '随机' },
    matmulPrecision: { high: '高', highest: '最高' },
    gradientCheckpointing: { auto: '内存不足时', always: '总是', never: '从不' },
  },
  unit: { pixels: '像素', degrees: '°', epochs: '轮', seconds: '秒' },
};
