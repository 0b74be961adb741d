import { defineConfig, globalIgnores } from 'eslint/config';
import vue from 'eslint-plugin-vue';
import ts from 'typescript';
import tseslint from 'typescript-eslint';
import vueParser from 'vue-eslint-parser';
import { layersPlugin } from './eslint.layers.js';

/** Type-aware parser options, identical for all files so that they share one project. */
const typeReading = {
  projectService: { allowDefaultProject: ['eslint.config.js', 'eslint.layers.js', '*.config.ts'] },
  tsconfigRootDir: import.meta.dirname,
  extraFileExtensions: ['.vue'],
};

/**
 * Lets TypeScript read only the script of a component, as the Vue parser passes it on. Otherwise
 * the text would differ from the file, and each component would trigger a type check of the whole
 * project.
 */
const readFile = ts.sys.readFile.bind(ts.sys);
ts.sys.readFile = (path, encoding) => {
  const text = readFile(path, encoding);
  if (!path.endsWith('.vue')) return text;
  return /<script[^>]*>([^]*?)<\/script>/.exec(text ?? '')?.[1] ?? text;
};

export default defineConfig(
  globalIgnores([
    ...['node_modules/', 'coverage/', 'test-results/', 'build/', 'dist/', 'release/'],
    // Copied into the folders of exported models, for people without TypeScript.
    'main/exports/scripts/',
  ]),
  vue.configs['flat/recommended'],
  {
    files: ['**/*.ts', '**/*.mjs', '**/*.js', '**/*.vue'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: typeReading },
    plugins: { karst: layersPlugin },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'karst/import-layers': 'error',
      'no-empty': ['error', { allowEmptyCatch: false }],
      'no-console': 'error',
      eqeqeq: 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Allows `env['NAME']`: brackets mark external names (environment variables, columns, keys).
      '@typescript-eslint/dot-notation': ['error', { allowIndexSignaturePropertyAccess: true }],
      // For strings `||` is intended: an empty string counts as missing.
      '@typescript-eslint/prefer-nullish-coalescing': [
        'error',
        { ignorePrimitives: { string: true } },
      ],
      // Numerical code constantly reads elements of arrays whose length is known.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Implementations of an asynchronous interface need not await anything.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['**/*.vue'],
    languageOptions: {
      parser: vueParser,
      parserOptions: { ...typeReading, parser: tseslint.parser },
    },
    rules: {
      'vue/block-lang': ['error', { script: { lang: 'ts' } }],
      'vue/component-api-style': ['error', ['script-setup']],
      'vue/define-macros-order': 'error',
      'vue/html-button-has-type': 'error',
      'vue/no-undef-components': ['error', { ignorePatterns: ['RouterLink', 'RouterView'] }],
      'vue/no-unused-refs': 'error',
      'vue/no-v-html': 'error',
      // Omitted optional props are undefined, as typed; destructuring sets the other defaults.
      'vue/require-default-prop': 'off',
      '@typescript-eslint/no-useless-default-assignment': 'off',
      // User-visible strings belong in the locale files.
      'vue/no-bare-strings-in-template': 'error',
      // Left to Prettier.
      'vue/first-attribute-linebreak': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/html-indent': 'off',
      'vue/html-self-closing': 'off',
      'vue/max-attributes-per-line': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vue/singleline-html-element-content-newline': 'off',
    },
  },
  {
    // These rules ignore JSDoc casts, which give the result of JSON.parse its type in JavaScript.
    files: ['**/*.mjs', '**/*.js'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    files: ['main/cli/**', 'test/bench/**', 'test/run.mjs', 'test/integration/no-network.test.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['test/**'],
    rules: {
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
