import type { VitArchitecture } from './vit.ts';

/** Of any family; `family` tells which. */
export type Architecture = VitArchitecture;
