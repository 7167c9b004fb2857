/** Whether somebody has given a private key, or one that was mistyped, where it does not belong: it is not to be repeated. */
export function looksLikeKey(text: string): boolean {
  return /^(?:0x)?[0-9a-f]{48,80}$/i.test(text.trim())
}
