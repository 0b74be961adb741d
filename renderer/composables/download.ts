/** Offers a file that was made in the window; the browser or the shell asks where to. */
export function download(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName(name);
  link.click();
  // The browser has taken hold of it by the next turn.
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, 0);
}

/** A name that every file system takes. */
export function fileName(name: string): string {
  return (
    name
      .replace(/[\u0000-\u001f<>:"/\\|?*]+/g, '-')
      .replace(/[. ]+$/, '')
      .slice(0, 120) || 'file'
  );
}
