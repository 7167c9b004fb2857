/** Takes exact lengths out of a stream of chunks, and knows how far into the stream it is. */
import { concat } from './store.ts'

export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>
  #chunks: Uint8Array[] = []
  #buffered = 0
  #position = 0

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** Bytes taken so far. */
  get position(): number {
    return this.#position
  }

  /** Exactly `length` bytes, or undefined when the stream ends before. */
  async take(length: number): Promise<Uint8Array | undefined> {
    if (!(await this.#fill(length))) return undefined
    this.#position += length
    this.#buffered -= length
    const parts: Uint8Array[] = []
    for (let missing = length; missing > 0; ) {
      const chunk = this.#chunks[0]!
      const part = chunk.subarray(0, missing)
      missing -= part.length
      parts.push(part)
      if (part.length === chunk.length) this.#chunks.shift()
      else this.#chunks[0] = chunk.subarray(part.length)
    }
    return parts.length === 1 ? parts[0] : concat(parts)
  }

  /** One byte without an allocation, or undefined at the end. */
  async takeByte(): Promise<number | undefined> {
    if (!(await this.#fill(1))) return undefined
    const chunk = this.#chunks[0]!
    this.#position += 1
    this.#buffered -= 1
    if (chunk.length === 1) this.#chunks.shift()
    else this.#chunks[0] = chunk.subarray(1)
    return chunk[0]
  }

  /** Passes over bytes without keeping them; false when the stream ends before. */
  async skip(length: number): Promise<boolean> {
    for (let missing = length; missing > 0; ) {
      if (!(await this.#fill(1))) return false
      const part = Math.min(missing, this.#chunks[0]!.length)
      await this.take(part)
      missing -= part
    }
    return true
  }

  /** Lets go of the source: a half-read file or request is closed. */
  async close(): Promise<void> {
    await this.#source.return?.()
  }

  async #fill(length: number): Promise<boolean> {
    while (this.#buffered < length) {
      const next = await this.#source.next()
      if (next.done) return false
      if (next.value.length === 0) continue
      this.#chunks.push(next.value)
      this.#buffered += next.value.length
    }
    return true
  }
}
