import { fileURLToPath } from 'node:url';
import vue from '@vitejs/plugin-vue';
import { build as bundle } from 'esbuild';
import { defineConfig, type Plugin } from 'vite';

/** The window tests run in an Electron of 2020 (Chromium 83), which lacks what every browser has by now. */
const TEST_MODE = 'electron-test';
const TEST_TARGET = 'chrome83';

/** Puts the polyfills into a script of their own, which runs before any module, whatever is split into which chunk. */
function polyfilled(target: string): Plugin {
  const file = 'polyfills.js';
  return {
    name: 'karst-polyfills',
    async generateBundle() {
      const { outputFiles } = await bundle({
        entryPoints: [fileURLToPath(new URL('renderer/polyfills.ts', import.meta.url))],
        bundle: true,
        format: 'iife',
        target,
        write: false,
      });
      for (const { contents } of outputFiles) {
        this.emitFile({ type: 'asset', fileName: file, source: contents });
      }
    },
    transformIndexHtml: {
      order: 'post',
      handler: () => [{ tag: 'script', attrs: { src: `/${file}` }, injectTo: 'head-prepend' }],
    },
  };
}

export default defineConfig(({ mode }) => {
  const forTest = mode === TEST_MODE;
  return {
    root: fileURLToPath(new URL('renderer', import.meta.url)),
    // Both `karst serve` and the window's scheme have the page at their root, and answer deep paths with it.
    base: '/',
    plugins: forTest ? [vue(), polyfilled(TEST_TARGET)] : [vue()],
    build: {
      outDir: fileURLToPath(
        new URL(forTest ? 'dist/renderer-test' : 'dist/renderer', import.meta.url),
      ),
      emptyOutDir: true,
      target: forTest ? TEST_TARGET : 'baseline-widely-available',
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
