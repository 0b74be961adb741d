import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router';

/**
 * Places of the studio. `meta.rail` names the entry of the rail that is lit; views are loaded when they are first
 * gone to.
 */
export const routes: RouteRecordRaw[] = [
  {
    path: '/',
    name: 'welcome',
    component: () => import('./views/WelcomeView.vue'),
  },
  {
    path: '/projects',
    name: 'projects',
    meta: { rail: 'projects' },
    component: () => import('./views/ProjectsView.vue'),
  },
  {
    path: '/projects/:id',
    name: 'project',
    meta: { rail: 'projects' },
    props: true,
    component: () => import('./views/ProjectView.vue'),
  },
  {
    path: '/data',
    name: 'data',
    meta: { rail: 'data' },
    component: () => import('./views/DataView.vue'),
  },
  {
    path: '/data/:id',
    name: 'dataset',
    meta: { rail: 'data' },
    props: true,
    component: () => import('./views/DatasetView.vue'),
  },
  {
    path: '/backbones',
    name: 'backbones',
    meta: { rail: 'backbones' },
    component: () => import('./views/BackbonesView.vue'),
  },
  {
    path: '/train',
    name: 'train',
    meta: { rail: 'train' },
    component: () => import('./views/TrainView.vue'),
  },
  {
    path: '/runs',
    name: 'runs',
    meta: { rail: 'runs' },
    component: () => import('./views/RunsView.vue'),
  },
  {
    path: '/runs/:id',
    name: 'run',
    meta: { rail: 'runs' },
    props: true,
    component: () => import('./views/RunView.vue'),
  },
  {
    path: '/compare',
    name: 'compare',
    meta: { rail: 'runs' },
    component: () => import('./views/CompareView.vue'),
  },
  {
    path: '/library',
    name: 'library',
    meta: { rail: 'library' },
    component: () => import('./views/LibraryView.vue'),
  },
  {
    path: '/library/:id',
    name: 'adapter',
    meta: { rail: 'library' },
    props: true,
    component: () => import('./views/AdapterView.vue'),
  },
  {
    path: '/evaluations/:id',
    name: 'evaluation',
    meta: { rail: 'library' },
    props: true,
    component: () => import('./views/EvaluationView.vue'),
  },
  {
    path: '/try',
    name: 'try',
    meta: { rail: 'tryIt' },
    component: () => import('./views/TryView.vue'),
  },
  {
    path: '/settings',
    name: 'settings',
    meta: { rail: 'settings' },
    component: () => import('./views/SettingsView.vue'),
  },
  {
    path: '/:missing(.*)*',
    name: 'missing',
    component: () => import('./views/MissingView.vue'),
  },
];

declare module 'vue-router' {
  interface RouteMeta {
    readonly rail?: RailPlace;
  }
}

export type RailPlace =
  'projects' | 'data' | 'backbones' | 'train' | 'runs' | 'library' | 'tryIt' | 'settings';

/** Paths of the rail's places, in its order. */
export const RAIL: readonly { readonly place: RailPlace; readonly path: string }[] = [
  { place: 'projects', path: '/projects' },
  { place: 'data', path: '/data' },
  { place: 'backbones', path: '/backbones' },
  { place: 'train', path: '/train' },
  { place: 'runs', path: '/runs' },
  { place: 'library', path: '/library' },
  { place: 'tryIt', path: '/try' },
  { place: 'settings', path: '/settings' },
];

export function createStudioRouter() {
  return createRouter({ history: createWebHistory(), routes });
}
