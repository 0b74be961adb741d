import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router';
import type { RailPlace } from './frame/rail.ts';

/**
 * Routes of the studio. `meta.rail` names the active entry of the rail; views are loaded lazily.
 */
const routes: RouteRecordRaw[] = [
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
    path: '/help',
    name: 'help',
    component: () => import('./views/HelpView.vue'),
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

export function createStudioRouter() {
  return createRouter({ history: createWebHistory(), routes });
}
