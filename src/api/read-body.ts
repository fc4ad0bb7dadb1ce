/** Reads a JSON body within bounds: refused by its announced length before a byte is kept, and while it arrives. */
import { hiveError } from '../contract/index.ts';

export interface IncomingBody {
  contentType: string | undefined;
  contentLength: string | undefined;
  contentEncoding: string | undefined;
  stream: ReadableStream<Uint8Array> | null;
}

/** The parsed body; {} when there is none. Throws INPUT_TOO_LARGE, INPUT_INVALID. Depth is checked by the operation. */
export async function readJsonBody(body: IncomingBody, maxBytes: number): Promise<unknown> {
  const tooLarge = (): Error =>
    hiveError('INPUT_TOO_LARGE', { message: `the body is over ${maxBytes} bytes` });
  if (Number(body.contentLength ?? 0) > maxBytes) throw tooLarge();
  const { contentEncoding } = body;
  if (contentEncoding !== undefined && contentEncoding !== 'identity') {
    throw hiveError('INPUT_INVALID', { message: 'send the body without content-encoding' });
  }
  const text = await readText(body.stream, { maxBytes, tooLarge });
  if (text === '') return {};
  // Also a wall against forms of foreign pages: they cannot send this type without a preflight.
  if (!/^application\/json\s*(?:;|$)/i.test(body.contentType ?? '')) {
    throw hiveError('INPUT_INVALID', { message: 'the content-type must be application/json' });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw hiveError('INPUT_INVALID', { message: 'the body is not JSON', cause: error });
  }
}

async function readText(
  stream: ReadableStream<Uint8Array> | null,
  { maxBytes, tooLarge }: { maxBytes: number; tooLarge: () => Error },
): Promise<string> {
  if (stream === null) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
