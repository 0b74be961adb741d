/** Two pages shown before the studio's own; its language is unknown then, so they use both. */

/** Shown without a cookie. */
export const REFUSED_PAGE = page(
  'KARST Studio',
  `<p>Open the studio by the whole address that <code>karst serve</code> printed: it ends with a token.</p>
<p lang="zh-CN">请使用 <code>karst serve</code> 显示的完整网址打开：其末尾带有令牌。</p>`,
);

/** Redirects to the studio. */
export const ADMITTED_PAGE = page(
  'KARST Studio',
  '<p><a href="/">KARST Studio</a></p>',
  '<meta http-equiv="refresh" content="0; url=/">',
);

function page(title: string, body: string, head = ''): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="color-scheme" content="light dark">${head}<title>${title}</title>
<style>body { font: 15px/1.5 system-ui, sans-serif; max-width: 40em; margin: 15vh auto; padding: 0 1.5em }</style>
</head>
<body><h1>${title}</h1>
${body}
</body>
</html>
`;
}
