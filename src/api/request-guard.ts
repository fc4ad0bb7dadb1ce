/**
 * Who may talk to the loopback server. A web page in the same browser reaches 127.0.0.1 too (DNS rebinding, cross-site
 * requests): the Host header must name us, and an Origin, where one is sent, must be ours.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { hiveError } from '../contract/index.ts';

export interface GuardedHeaders {
  host: string | undefined;
  origin: string | undefined;
  fetchSite: string | undefined;
}

const LOOPBACK_NAMES = ['127.0.0.1', 'localhost', '[::1]'];

/** `host:port` texts under which this server may be addressed. */
export function ownNames(host: string, port: number): ReadonlySet<string> {
  const bracketed = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  const names = [...LOOPBACK_NAMES, bracketed.toLowerCase()];
  // Browsers leave the port out where it is the scheme's own.
  return new Set(
    names.flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`])),
  );
}

/** Throws ORIGIN_REFUSED. */
export function checkOrigin(headers: GuardedHeaders, names: ReadonlySet<string>): void {
  const host = headers.host?.toLowerCase();
  if (host === undefined || !names.has(host)) {
    throw hiveError('ORIGIN_REFUSED', { message: 'the Host header does not name this hive' });
  }
  const { origin } = headers;
  const isOurs = origin === undefined || names.has(origin.toLowerCase().replace(/^http:\/\//, ''));
  // A cross-site GET carries no Origin, but browsers say where it came from.
  const isForeign = headers.fetchSite === 'cross-site' || headers.fetchSite === 'same-site';
  if (!isOurs || isForeign) {
    throw hiveError('ORIGIN_REFUSED', { message: 'a page of another origin asked' });
  }
}

/** Hashed first, so that the comparison takes the same time whatever is sent, and any length. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

export type TokenCheck = (authorization: string | undefined) => void;

/** Returns a check that throws TOKEN_INVALID. */
export function tokenCheck(token: string): TokenCheck {
  const expected = digest(token);
  return (authorization) => {
    const sent = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(authorization ?? '')?.[1];
    const isRight = timingSafeEqual(digest(sent ?? ''), expected);
    if (sent === undefined || !isRight) throw hiveError('TOKEN_INVALID');
  };
}
