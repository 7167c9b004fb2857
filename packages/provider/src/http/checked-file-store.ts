/**
 * The tus extension "checksum" (https://tus.io/protocols/resumable-upload#checksum), which @tus/file-store does not
 * have: a PATCH may name the hash of its bytes, and when they arrive otherwise they are as if they had not been sent.
 * And the room for bytes, which is taken as they arrive.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { createHash, type Hash } from 'node:crypto'
import { truncate } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { GranaryError } from '@granary/base'
import { FileStore } from '@tus/file-store'
import type { UploadGate } from '../uploads/upload-gate.ts'

export const checksumAlgorithms: readonly string[] = ['sha256', 'sha1']

export interface Checksum {
  readonly algorithm: string
  /** Base64. */
  readonly expected: string
}

export class ChecksumHeaderError extends GranaryError {
  constructor(header: string) {
    super({
      code: 'REQUEST_INVALID',
      message: `Upload-Checksum is ${JSON.stringify(header)}`,
      hint: `send one of ${checksumAlgorithms.join(', ')}, a space, and the hash in base64`,
    })
  }
}

/** @throws ChecksumHeaderError */
export function parseChecksum(header: string | undefined): Checksum | undefined {
  if (header === undefined) return undefined
  const [algorithm = '', expected = '', more] = header.split(' ')
  if (!checksumAlgorithms.includes(algorithm) || !/^[\w+/]+={0,2}$/.test(expected) || more !== undefined)
    throw new ChecksumHeaderError(header)
  return { algorithm, expected }
}

const CHECKSUM_MISMATCH = { status_code: 460, body: 'Checksum Mismatch' }

/** Takes the room for an upload's bytes up to `end`. @throws NoSpaceError */
export type TakeRoom = (uploadId: string, end: number) => void

export class CheckedFileStore extends FileStore {
  // tus hands the store a stream and no request: which checksum belongs to it travels beside the call.
  readonly #asked: AsyncLocalStorage<Checksum | undefined> = new AsyncLocalStorage()

  readonly #gate: UploadGate

  readonly #takeRoom: TakeRoom

  constructor(options: ConstructorParameters<typeof FileStore>[0], gate: UploadGate, takeRoom: TakeRoom) {
    super(options)
    this.#gate = gate
    this.#takeRoom = takeRoom
    // The size is known before the first byte: the quota is counted by it.
    this.extensions = [...this.extensions.filter((extension) => extension !== 'creation-defer-length'), 'checksum']
  }

  /** What `work` writes has to have this checksum. */
  expecting<T>(checksum: Checksum | undefined, work: () => Promise<T>): Promise<T> {
    return this.#asked.run(checksum, work)
  }

  override async write(source: IncomingMessage | Readable, id: string, offset: number): Promise<number> {
    // Around the writing and not the request: one that its client has left may stay open long after its last byte.
    using _ = this.#gate.enter(id)
    const checksum = this.#asked.getStore()
    const hash = checksum === undefined ? undefined : createHash(checksum.algorithm)
    let refused: unknown
    const room = (end: number): void => {
      try {
        this.#takeRoom(id, end)
      } catch (error) {
        refused = error
        throw error
      }
    }
    try {
      const end = await super.write(Readable.from(arriving(source, { offset, hash, room })), id, offset)
      if (hash !== undefined && hash.digest('base64') !== checksum?.expected) throw CHECKSUM_MISMATCH
      return end
    } catch (error) {
      if (hash !== undefined) await truncate(join(this.directory, id), offset)
      // tus says of any failure only that the file could not be written.
      throw refused ?? error
    }
  }

  override async remove(id: string): Promise<void> {
    using _ = this.#gate.enter(id)
    await super.remove(id)
  }
}

async function* arriving(
  source: AsyncIterable<Uint8Array>,
  { offset, hash, room }: { offset: number; hash: Hash | undefined; room: (end: number) => void },
): AsyncGenerator<Uint8Array> {
  let end = offset
  for await (const bytes of source) {
    end += bytes.length
    room(end)
    hash?.update(bytes)
    yield bytes
  }
}
