// What a worker of the browser runs that encodes a page's floats, so that the page does not.
import { mean } from 'secagg/encoding';

addEventListener('message', ({ data }: MessageEvent<Float32Array>) => {
  const encoding = mean({ maxUsers: 4, shapes: { layer: [data.length] }, session: 'workers' });
  const { vector } = encoding.encode({ layer: { shape: [data.length], data } });
  (postMessage as (message: unknown, transfer: Transferable[]) => void)(vector, [vector.buffer as ArrayBuffer]);
});
