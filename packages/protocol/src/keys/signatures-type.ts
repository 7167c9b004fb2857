/** What is signed with, and judged by: one interface over two libraries. */
export interface Signatures {
  readonly ed25519: {
    getPublicKey(seed: Uint8Array): Uint8Array
    sign(message: Uint8Array, seed: Uint8Array): Uint8Array
    verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array, options?: { zip215: boolean }): boolean
  }
  readonly secp256k1: {
    /** 65 bytes, as SEC 1 writes a point. */
    publicKeyOf(privateKey: Uint8Array): Uint8Array
    /** By RFC 6979, s in the lower half. @returns recovery bit, r, s: 65 bytes */
    sign(digest: Uint8Array, privateKey: Uint8Array): Uint8Array
    /** @param compact r, s: 64 bytes. @returns as publicKeyOf @throws for any signature that is none, or has a high s */
    recover(digest: Uint8Array, compact: Uint8Array, recoveryBit: number): Uint8Array
  }
}
