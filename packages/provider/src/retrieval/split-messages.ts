/** Messages out of a stream that has the length of each before it, as libp2p's protocols do. */

/** What asks for a thousand blocks has fifty thousand bytes. */
const MESSAGE_BYTES_MAX = 512 * 1024
const LENGTH_BYTES_MAX = 3
const FIRST_BYTES = 4 * 1024

/**
 * Each is to be read before the next is asked for: its memory is used for that.
 *
 * @param onKept: told how much memory is kept for a message that is not whole yet
 * @throws RangeError for one that is too long
 */
export async function* splitMessages(
  source: AsyncIterable<{ subarray(): Uint8Array }>,
  onKept: (bytes: number) => void = () => {},
): AsyncGenerator<Uint8Array> {
  let memory = new Uint8Array()
  let filled = 0
  for await (const part of source) {
    const bytes = part.subarray()
    memory = withRoom(memory, filled, bytes.length)
    onKept(memory.length)
    memory.set(bytes, filled)
    filled += bytes.length
    let at = 0
    for (let next = messageAt(memory, at, filled); next !== undefined; next = messageAt(memory, at, filled)) {
      yield memory.subarray(next.start, next.end)
      at = next.end
    }
    memory.copyWithin(0, at, filled)
    filled -= at
    if (filled > 0) continue
    memory = new Uint8Array()
    onKept(0)
  }
}

/** Undefined until all of it is there. */
function messageAt(memory: Uint8Array, at: number, filled: number): { start: number; end: number } | undefined {
  let length = 0
  for (let index = 0; index < LENGTH_BYTES_MAX; index += 1) {
    if (at + index >= filled) return undefined
    const byte = memory[at + index]!
    length |= (byte & 0x7f) << (7 * index)
    if (byte >= 0x80) continue
    if (length > MESSAGE_BYTES_MAX) break
    const start = at + index + 1
    return start + length <= filled ? { start, end: start + length } : undefined
  }
  throw new RangeError(`a message of more than ${MESSAGE_BYTES_MAX} bytes`)
}

/** Twice as much each time, up to the largest message: bytes that come one by one are not copied again for each. */
function withRoom(memory: Uint8Array<ArrayBuffer>, filled: number, more: number): Uint8Array<ArrayBuffer> {
  if (filled + more <= memory.length) return memory
  const twice = Math.max(FIRST_BYTES, Math.min(2 * memory.length, LENGTH_BYTES_MAX + MESSAGE_BYTES_MAX))
  const larger = new Uint8Array(Math.max(twice, filled + more))
  larger.set(memory.subarray(0, filled))
  return larger
}
