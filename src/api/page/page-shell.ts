/** The frame of every page, and its content security policy: nothing but our own style and script may run or load. */
import { createHash } from 'node:crypto';
import { html, raw } from 'hono/html';
import { pageScript, pageStyle } from './page-style.ts';

export type Html = ReturnType<typeof html>;

const sha256 = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

export const contentSecurityPolicy = [
  "default-src 'none'",
  `style-src ${sha256(pageStyle)}`,
  `script-src ${sha256(pageScript)}`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

// Whole tags, so that no formatter's white space gets between a tag and the text that was hashed.
const styleTag = raw(`<style>${pageStyle}</style>`);
const scriptTag = raw(`<script type="module">${pageScript}</script>`);

export function pageShell({ title, body }: { title: string; body: Html }): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${styleTag}
      </head>
      <body>
        <header>
          <h1><a href="/">Hivewright</a></h1>
          <span data-live></span>
        </header>
        <main>${body}</main>
        <footer>Read-only. The command line does the rest: <code>hive help</code></footer>
        ${scriptTag}
      </body>
    </html>`;
}
