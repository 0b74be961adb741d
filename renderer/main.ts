import '@fontsource-variable/inter/wght.css';
import './styles/tokens.css';
import './styles/base.css';
import './styles/form.css';
import { createPinia } from 'pinia';
import { createApp } from 'vue';
import { toErrorReport } from '../shared/domain/errors.ts';
import App from './App.vue';
import { connect, setBridge } from './bridge/index.ts';
import { i18n } from './i18n.ts';
import { createStudioRouter } from './router.ts';
import { useSettings } from './stores/settings.ts';
import { useToasts } from './stores/toasts.ts';

const bridge = connect();
setBridge(bridge);

const app = createApp(App);
const pinia = createPinia();
app.use(pinia).use(i18n).use(createStudioRouter());

// Unhandled errors are shown.
const toasts = useToasts(pinia);
const show = (error: unknown) => toasts.fail(toErrorReport(error));
app.config.errorHandler = show;
window.addEventListener('unhandledrejection', (event) => show(event.reason));
bridge.onFault(show);
bridge.on('notice', ({ level, error }) => {
  if (level === 'info') toasts.say(error.message);
  else toasts.fail(error, level === 'warning' ? 'warning' : 'failed');
});

// Theme and language take effect before the first view is made.
useSettings(pinia);
app.mount('#app');
