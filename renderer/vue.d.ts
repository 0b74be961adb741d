/** For tools that do not read .vue files; vue-tsc takes the types from the files themselves. */
declare module '*.vue' {
  import type { DefineComponent } from 'vue';
  const component: DefineComponent;
  export default component;
}
