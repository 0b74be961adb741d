/** Offers a file made in the window as a download; the browser or the shell asks where. */
export function download(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName(name);
  link.click();
  // The browser has started the download by the next task.
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, 0);
}

/** A name valid on every file system. */
export function fileName(name: string): string {
  return (
    name
      .replace(/[\u0000-\u001f<>:"/\\|?*]+/g, '-')
      .replace(/[. ]+$/, '')
      .slice(0, 120) || 'file'
  );
}
