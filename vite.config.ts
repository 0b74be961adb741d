import { fileURLToPath } from 'node:url';
import vue from '@vitejs/plugin-vue';
import { defineConfig, type Plugin } from 'vite';

/** The window tests run in an Electron of 2020 (Chromium 83), which lacks what every browser has by now. */
const TEST_MODE = 'electron-test';

/** Runs the polyfills before anything else of the page. */
function polyfilled(): Plugin {
  return {
    name: 'karst-polyfills',
    transformIndexHtml: {
      order: 'pre',
      handler: () => [
        {
          tag: 'script',
          attrs: { type: 'module', src: '/polyfills.ts' },
          injectTo: 'head-prepend',
        },
      ],
    },
  };
}

export default defineConfig(({ mode }) => {
  const forTest = mode === TEST_MODE;
  return {
    root: fileURLToPath(new URL('renderer', import.meta.url)),
    // Both `karst serve` and the window's scheme have the page at their root, and answer deep paths with it.
    base: '/',
    plugins: forTest ? [vue(), polyfilled()] : [vue()],
    build: {
      outDir: fileURLToPath(
        new URL(forTest ? 'dist/renderer-test' : 'dist/renderer', import.meta.url),
      ),
      emptyOutDir: true,
      target: forTest ? 'chrome83' : 'baseline-widely-available',
      // The content security policy knows files of this origin only.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 800,
    },
    define: {
      __VUE_I18N_FULL_INSTALL__: 'true',
      __VUE_I18N_LEGACY_API__: 'false',
      __INTLIFY_PROD_DEVTOOLS__: 'false',
    },
  };
});
