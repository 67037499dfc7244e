// Takes WebCrypto away. It is imported first, so that later imports find none.
Object.defineProperty(globalThis.crypto, 'subtle', { value: undefined });
