import { setImmediate } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { createPieceHasher, pieceOf } from './piece-of.ts'

const CHUNK_BYTES = 2 ** 16 + 1

function* chunks(length: number): Generator<Uint8Array> {
  for (let offset = 0; offset < length; offset += CHUNK_BYTES)
    yield Uint8Array.from({ length: Math.min(CHUNK_BYTES, length - offset) }, (_, index) => (offset + index * 7) % 251)
}

test.each([0, 1, 2 ** 20, 2 ** 20 + 1, 3 * 2 ** 20 + 12_345])(
  'a piece of %i bytes is the same by the hasher that changes to WebAssembly on the way',
  async (length) => {
    const hasher = await createPieceHasher()
    for (const chunk of chunks(length)) {
      await hasher.write(chunk)
      // Something quicker comes in between.
      await setImmediate()
    }
    const whole = async function* () {
      yield* chunks(length)
    }
    expect(await hasher.digest()).toEqual(await pieceOf(whole()))
  },
)
