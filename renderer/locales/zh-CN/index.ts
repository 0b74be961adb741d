import type { en } from '../en/index.ts';
import type { Shape } from '../shape.ts';
import { common } from './common.ts';
import { errors } from './errors.ts';
import { frame } from './frame.ts';
import { projects } from './projects.ts';
import { settings } from './settings.ts';
import { tasks } from './tasks.ts';
import { terms } from './terms.ts';
import { units } from './units.ts';
import { welcome } from './welcome.ts';

export const zhCN: Shape<typeof en> = {
  common,
  errors,
  frame,
  projects,
  settings,
  tasks,
  terms,
  units,
  welcome,
};
