// Imported first: what is imported after it finds no WebCrypto.
Object.defineProperty(globalThis.crypto, 'subtle', { value: undefined });
