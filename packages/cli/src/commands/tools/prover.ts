/** The 32 bytes of a prover id: a provider's number as uvarint, zeros after it; other bytes belong to no number. */
export interface Prover {
  readonly provider: number
  /** Given when no number has these bytes. */
  readonly proverId?: Uint8Array
}

export function proverOf(proverId: Uint8Array): Prover {
  const provider = providerOf(proverId)
  return provider === undefined ? { provider: 0, proverId } : { provider }
}

function providerOf(proverId: Uint8Array): number | undefined {
  const last = proverId.findIndex((byte) => byte < 0x80)
  const digits = proverId.subarray(0, last + 1)
  const value = digits.reduceRight((sum, byte) => sum * 0x80 + (byte & 0x7f), 0)
  // A number has one form: no group of zeros at its end, and nothing after it.
  const canonical = last >= 0 && (last === 0 || digits[last] !== 0) && proverId.subarray(last + 1).every((b) => b === 0)
  return canonical && Number.isSafeInteger(value) ? value : undefined
}
