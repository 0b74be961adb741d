import type { Component } from 'vue';
import {
  Activity,
  Box,
  FlaskConical,
  FolderOpen,
  Images,
  LibraryBig,
  Settings2,
  SlidersHorizontal,
} from '@lucide/vue';
import type { RailPlace } from './rail.ts';

/** Icons of the views, used in the rail and for items of their kind. */
export const PLACE_ICONS: Readonly<Record<RailPlace, Component>> = {
  projects: FolderOpen,
  data: Images,
  backbones: Box,
  train: SlidersHorizontal,
  runs: Activity,
  library: LibraryBig,
  tryIt: FlaskConical,
  settings: Settings2,
};
