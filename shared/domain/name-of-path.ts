/** Last part of a path of any platform, without the extension of a list file. */
export function nameOfPath(path: string): string {
  const last =
    path
      .split(/[/\\]/)
      .filter((part) => part !== '')
      .at(-1) ?? '';
  return last.replace(/\.(csv|jsonl|json|txt)$/i, '');
}
