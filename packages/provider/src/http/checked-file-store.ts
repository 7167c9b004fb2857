/**
 * The files of uploads, each on the volume that its piece will lie on, as @tus/server asks for them. Its own @tus/file-store knows
 * one folder, and makes it where a disk is not mounted. With the extension "checksum"
 * (https://tus.io/protocols/resumable-upload#checksum): a PATCH may name the hash of its bytes, and when they arrive
 * otherwise they are as if they had not been sent. The room for bytes is taken as they arrive.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { stat, truncate, writeFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { GranaryError } from '@granary/base'
import { DataStore, ERRORS, Upload } from '@tus/server'
import type { PieceFiles } from '../deals/piece-files.ts'
import type { UploadChecks } from '../uploads/upload-checks.ts'
import { UploadAwayError } from '../uploads/upload-errors.ts'
import type { UploadGate } from '../uploads/upload-gate.ts'
import type { TusRecord, UploadStore } from '../uploads/upload-store.ts'
import { writeBody } from './write-body.ts'

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

/** Of one upload, in memory while the disk is busy. */
const AHEAD_BYTES = 1024 * 1024
const CHECKSUM_MISMATCH = { status_code: 460, body: 'Checksum Mismatch' }

/** Takes the room for an upload's bytes up to `end`. @throws NoSpaceError */
export type TakeRoom = (uploadId: string, end: number) => void

export interface CheckedFileStoreOptions {
  readonly uploads: Pick<UploadStore, 'tusRecord' | 'setTusRecord' | 'find'>
  readonly files: Pick<PieceFiles, 'stage' | 'stagingPath' | 'isUploadAway' | 'removeUpload'>
  readonly gate: UploadGate
  readonly checks: Pick<UploadChecks, 'written'>
  readonly takeRoom: TakeRoom
  readonly expiryMs: number
}

/** What tus does not hand on: it travels beside the call. */
export interface Arriving {
  /** The bytes themselves. The stream that tus hands on has none, and ends when they are to be waited for no longer. */
  readonly body: Readable
  /** They have to have. */
  readonly checksum: Checksum | undefined
  /** Once they are written: tus waits for the end of its stream. */
  readonly onWritten: () => void
}

export class CheckedFileStore extends DataStore {
  readonly #arriving: AsyncLocalStorage<Arriving> = new AsyncLocalStorage()

  readonly #options: CheckedFileStoreOptions

  constructor(options: CheckedFileStoreOptions) {
    super()
    this.#options = options
    // Not creation-defer-length: the size is known before the first byte, the quota is counted by it.
    this.extensions = ['creation', 'creation-with-upload', 'termination', 'expiration', 'checksum']
  }

  override getExpiration(): number {
    return this.#options.expiryMs
  }

  /** @throws NoSpaceError */
  override async create(file: Upload): Promise<Upload> {
    const { files, uploads } = this.#options
    const path = await files.stage(file.id, file.size ?? 0)
    await writeFile(path, '')
    uploads.setTusRecord(file.id, { size: file.size, metadata: file.metadata, creation_date: file.creation_date })
    file.storage = { type: 'file', path }
    return file
  }

  /** @throws UploadAwayError */
  override async getUpload(id: string): Promise<Upload> {
    const { files, uploads } = this.#options
    const record = uploads.tusRecord(id)
    if (record === undefined) throw ERRORS.FILE_NOT_FOUND
    const path = files.stagingPath(id)
    const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    if (found === undefined && files.isUploadAway(id, path)) throw new UploadAwayError(id)
    if (found === undefined) throw ERRORS.FILE_NO_LONGER_EXISTS
    return new Upload({ id, ...withoutUndefined(record), offset: found.size, storage: { type: 'file', path } })
  }

  /** What `work` writes is this. */
  receiving<T>(arriving: Arriving, work: () => Promise<T>): Promise<T> {
    return this.#arriving.run(arriving, work)
  }

  override async write(source: Readable, id: string, offset: number): Promise<number> {
    // Around the writing and not the request: one that its client has left may stay open long after its last byte.
    const { checks, files, gate, takeRoom, uploads } = this.#options
    using _ = gate.enter(id)
    const arriving = this.#arriving.getStore()
    if (arriving === undefined) throw new Error('bytes are written only for a request')
    const { body, checksum, onWritten } = arriving
    const path = files.stagingPath(id)
    const hash = checksum === undefined ? undefined : createHash(checksum.algorithm)
    const given = new AbortController()
    void finished(source.resume())
      .finally(() => given.abort())
      .catch(() => undefined)
    const size = uploads.find(id)?.sizeBytes ?? 0
    let end = offset
    const upload = { uploadId: id, path, rootCid: uploads.tusRecord(id)?.metadata?.rootCid ?? undefined }
    let written = offset
    const onKept = (bytes: number): void => {
      written += bytes
      checks.written(upload, written)
    }
    const onBytes = (bytes: Uint8Array): void => {
      if (end + bytes.length > size) throw ERRORS.ERR_SIZE_EXCEEDED
      takeRoom(id, end + bytes.length)
      end += bytes.length
      hash?.update(bytes)
    }
    try {
      const file = createWriteStream(path, { flags: 'r+', start: offset, highWaterMark: AHEAD_BYTES })
      // What may be taken back is no part of the upload before its end.
      const told = hash === undefined ? { onWritten: onKept } : {}
      await writeBody(body, file, { onBytes, ...told, signal: given.signal })
      if (hash !== undefined && hash.digest('base64') !== checksum?.expected) throw CHECKSUM_MISMATCH
      return end
    } catch (error) {
      if (hash !== undefined) await truncate(path, offset)
      throw error
    } finally {
      onWritten()
    }
  }

  override async remove(id: string): Promise<void> {
    using _ = this.#options.gate.enter(id)
    await this.#options.files.removeUpload(id)
  }
}

/** Its constructor tells what is not there from what is undefined. */
function withoutUndefined({ size, metadata, creation_date }: TusRecord): {
  size?: number
  metadata?: Record<string, string | null>
  creation_date?: string
} {
  return {
    ...(size === undefined ? {} : { size }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(creation_date === undefined ? {} : { creation_date }),
  }
}
