import type { en } from '../en/index.ts';
import type { Shape } from '../shape.ts';
import { backbones } from './backbones.ts';
import { charts } from './charts.ts';
import { common } from './common.ts';
import { data } from './data.ts';
import { errors } from './errors.ts';
import { evaluate } from './evaluate.ts';
import { frame } from './frame.ts';
import { library } from './library.ts';
import { projects } from './projects.ts';
import { runs } from './runs.ts';
import { settings } from './settings.ts';
import { sources } from './sources.ts';
import { tasks } from './tasks.ts';
import { terms } from './terms.ts';
import { train } from './train.ts';
import { training } from './training.ts';
import { tryIt } from './tryIt.ts';
import { units } from './units.ts';
import { welcome } from './welcome.ts';

export const zhCN: Shape<typeof en> = {
  backbones,
  charts,
  common,
  data,
  errors,
  evaluate,
  frame,
  library,
  projects,
  runs,
  settings,
  sources,
  tasks,
  terms,
  train,
  training,
  tryIt,
  units,
  welcome,
};
