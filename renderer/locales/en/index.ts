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

/** All that the studio says, by area. The keys of this tree are the keys of every language. */
export const en = {
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
