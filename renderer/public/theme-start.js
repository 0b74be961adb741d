/* Sets the theme that was last used before anything is painted; renderer/stores/settings.ts keeps it. */
(function () {
  const wanted = localStorage.getItem('karst.theme');
  const dark =
    wanted === 'dark' || (wanted !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
})();
