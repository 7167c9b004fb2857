/**
 * Gives memory back that has been used up. V8 does not see how much lies outside of its heap before it collects all of it, which for
 * bytes that only pass takes longer than whatever is done to them (ADR 73).
 */
export function letGo({ buffer, byteLength }: Uint8Array): void {
  // A view of more may be one of several.
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0)
}
