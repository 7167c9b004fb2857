/**
 * The tus extension "checksum" (https://tus.io/protocols/resumable-upload#checksum), which @tus/file-store does not
 * have: a PATCH may name the hash of its bytes, and when they arrive otherwise they are as if they had not been sent.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { createHash, type Hash } from 'node:crypto'
import { truncate } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { GranaryError } from '@granary/errors'
import { FileStore } from '@tus/file-store'
import type { UploadGate } from '../deals/upload-gate.ts'

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
      retryable: false,
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

export class CheckedFileStore extends FileStore {
  // tus hands the store a stream and no request: which checksum belongs to it travels beside the call.
  readonly #asked: AsyncLocalStorage<Checksum | undefined> = new AsyncLocalStorage()

  readonly #gate: UploadGate

  constructor(options: ConstructorParameters<typeof FileStore>[0], gate: UploadGate) {
    super(options)
    this.#gate = gate
    // The size is known before the first byte: quota and disk are counted by it.
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
    if (checksum === undefined) return await super.write(source, id, offset)
    const hash = createHash(checksum.algorithm)
    try {
      const end = await super.write(Readable.from(hashed(source, hash)), id, offset)
      if (hash.digest('base64') !== checksum.expected) throw CHECKSUM_MISMATCH
      return end
    } catch (error) {
      await truncate(join(this.directory, id), offset)
      throw error
    }
  }

  override async remove(id: string): Promise<void> {
    using _ = this.#gate.enter(id)
    await super.remove(id)
  }
}

async function* hashed(source: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array> {
  for await (const bytes of source) {
    hash.update(bytes)
    yield bytes
  }
}
