/** Small parts that the pages share. */
import { html } from 'hono/html';
import type { StateLabel } from '../../contract/index.ts';
import type { Html } from './page-shell.ts';

export const badge = ({ text, tone }: Pick<StateLabel, 'text' | 'tone'>): Html =>
  html`<span class="badge ${tone}">${text}</span>`;

/** ISO 8601 in UTC, to the second. */
export function time(ms: number): Html {
  const iso = `${new Date(ms).toISOString().slice(0, 19)}Z`;
  return html`<time datetime="${iso}">${iso.replace('T', ' ')}</time>`;
}

/** How long something took or takes; '-' before it began. */
export function duration(startedMs: number | null, endedMs: number): string {
  if (startedMs === null) return '-';
  const seconds = Math.max(0, endedMs - startedMs) / 1_000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.floor(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export interface Column {
  title: string;
  isNumber?: boolean;
}

/** A table that scrolls sideways on a narrow screen, reachable by keyboard. */
export function table(caption: string, columns: readonly Column[], rows: readonly Html[][]): Html {
  if (rows.length === 0) return html`<p class="empty">None yet.</p>`;
  const cell = (content: Html, at: number): Html =>
    html`<td class="${columns[at]?.isNumber === true ? 'number' : ''}">${content}</td>`;
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0">
    <table>
      <thead>
        <tr>
          ${columns.map(
            ({ title, isNumber }) =>
              html`<th scope="col" class="${isNumber === true ? 'number' : ''}">${title}</th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((each, at) => cell(each, at))}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** Text of others, kept apart from the direction of the page. */
export const foreign = (text: string): Html => html`<bdi>${text}</bdi>`;
export const idText = (text: string): Html => html`<span class="id">${text}</span>`;

/** A list of figures. */
export function figures(facts: readonly (readonly [string, string | number])[]): Html {
  return html`<dl>
    ${facts.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}
