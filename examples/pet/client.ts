// The participant's side of the PET protocol over HTTP, for browsers and everything else that has `fetch`.
import { PetError, type PetClient } from 'secagg/pet';

/** Reaches a coordinator of this library or of xaynet. */
export function petClient(url: string): PetClient {
  const get = async (path: string, options: { readonly signal?: AbortSignal }): Promise<Uint8Array | null> => {
    const response = await fetch(`${url}/${path}`, options);
    if (!response.ok) throw new Error(`GET ${path}: ${response.status}`);
    return response.status === 204 ? null : new Uint8Array(await response.arrayBuffer());
  };
  return {
    parameters: (options) => get('params', options),
    sums: (options) => get('sums', options),
    seeds: (key, options) => get(`seeds?pk=${encodeURIComponent(btoa(String.fromCharCode(...key)))}`, options),
    async send(message, options) {
      const response = await fetch(`${url}/message`, { ...options, method: 'POST', body: message });
      const text = await response.text();
      // 503 without a code means that the database has failed.
      const isRefused = response.status === 409 || (response.status === 503 && text !== '');
      if (isRefused) throw new PetError(text as PetError['code'], 'the coordinator has refused the message');
      if (!response.ok) throw new Error(`POST message: ${response.status}`);
      return text;
    },
  };
}
