// The participant's side of the transports, for browsers and everything else that has `fetch` or `WebSocket`.
import { maxRequestBytes, type Exchange } from 'secagg/service';

/** Milliseconds after which no response comes any more: networks lose connections and tell nobody. */
const PATIENCE = 120_000;

/** Over HTTP. */
export function exchangeWith(url: string, patience: number = PATIENCE): Exchange {
  return (request, { signal }) => {
    const late = AbortSignal.timeout(patience);
    return post(url, request, signal ? AbortSignal.any([signal, late]) : late);
  };
}

export async function post(url: string, body: Uint8Array<ArrayBuffer>, signal?: AbortSignal): Promise<Uint8Array> {
  const response = await fetch(url, { method: 'POST', body, ...(signal && { signal }) });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return bodyOf(response);
}

export async function get(url: string, signal?: AbortSignal): Promise<Uint8Array> {
  const response = await fetch(url, { ...(signal && { signal }) });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return bodyOf(response);
}

/** The body, of which no more is read than a response has at most: as much as a request. */
async function bodyOf({ body }: Response): Promise<Uint8Array> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for (const reader = body?.getReader(); reader !== undefined;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    length += value.length;
    if (length > maxRequestBytes) {
      await reader.cancel();
      throw new Error('a response that is too long');
    }
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** Over one connection, which carries one request at a time: `socketExchange(() => new WebSocket(url))`. */
export function socketExchange(connect: () => WebSocket, patience: number = PATIENCE): Exchange {
  let socket: WebSocket | null = null;
  return (request, { signal }) =>
    new Promise((resolve, reject) => {
      const mine = (socket ??= connect());
      const settled = (): void => {
        clearTimeout(late);
        signal?.removeEventListener('abort', end);
      };
      const end = (): void => {
        settled();
        if (socket === mine) socket = null;
        mine.close(); // a late response must not pass for the next one
        reject(new Error('the connection has ended'));
      };
      const late = setTimeout(end, patience);
      const send = (): void => mine.send(request);
      signal?.addEventListener('abort', end);
      mine.binaryType = 'arraybuffer';
      mine.onclose = mine.onerror = end;
      mine.onmessage = ({ data }: MessageEvent<ArrayBuffer>): void => {
        settled();
        resolve(new Uint8Array(data));
      };
      if (mine.readyState === mine.OPEN) send();
      else mine.onopen = send;
    });
}
