import { defineConfig, globalIgnores } from 'eslint/config';
import vue from 'eslint-plugin-vue';
import ts from 'typescript';
import tseslint from 'typescript-eslint';
import vueParser from 'vue-eslint-parser';
import { layersPlugin } from './eslint.layers.js';

/** For the parser that reads types; the same for every file, so that they share one project. */
const typeReading = {
  projectService: { allowDefaultProject: ['eslint.config.js', 'eslint.layers.js', '*.config.ts'] },
  tsconfigRootDir: import.meta.dirname,
  extraFileExtensions: ['.vue'],
};

/**
 * The project is to find in a component what its parser will hand over, the script. A text that differs is a change of the file,
 * after which the types of the whole project are made out anew, and that once for each component.
 */
const readFile = ts.sys.readFile.bind(ts.sys);
ts.sys.readFile = (path, encoding) => {
  const text = readFile(path, encoding);
  if (!path.endsWith('.vue')) return text;
  return /<script[^>]*>([^]*?)<\/script>/.exec(text ?? '')?.[1] ?? text;
};

export default defineConfig(
  globalIgnores(['node_modules/', 'coverage/', 'test-results/', 'build/', 'dist/', 'release/']),
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
      // Names that come from outside (variables of the environment, columns, keys) look like what they are.
      '@typescript-eslint/dot-notation': ['error', { allowIndexSignaturePropertyAccess: true }],
      // An empty string is no name, too.
      '@typescript-eslint/prefer-nullish-coalescing': [
        'error',
        { ignorePrimitives: { string: true } },
      ],
      // Reading an element of an array whose length is known is the daily bread of numerical code.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Functions of one interface are asynchronous alike, whether or not they wait.
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
      // A property that may be left out is undefined then, as its type says; destructuring sets the other defaults.
      'vue/require-default-prop': 'off',
      '@typescript-eslint/no-useless-default-assignment': 'off',
      // Strings that people see stand in the locale files.
      'vue/no-bare-strings-in-template': 'error',
      // What Prettier decides.
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
    // These rules do not see JSDoc's casts, by which what JSON.parse returns gets its type in JavaScript.
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
