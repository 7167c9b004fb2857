/**
 * Files that hold a secret. Nothing is waited for in opening them: a pipe or a device in their place, which somebody else may have
 * put there, would hold a thread of the process, and no signal ends that.
 */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'
import { Socket } from 'node:net'
import { addAbortSignal } from 'node:stream'

export interface SecretFile {
  readonly text: string
  readonly mode: number
}

/** More than any key or passphrase takes. */
const BYTES_MAX = 64 * 1024

/** What is there is none that is read; the message says what it is. */
export class NoSecretFileError extends Error {
  override readonly name = 'NoSecretFileError'
}

export interface SecretFileOptions {
  /** Whether another program may write it meanwhile, as by `<(pass show key)`. @default false */
  readonly pipes?: boolean
  /** Of a pipe to which nobody writes nothing comes. */
  readonly signal?: AbortSignal | undefined
}

/** @throws NoSecretFileError, an error of the system, an abort error */
export async function readSecretFile(
  path: string,
  { pipes = false, signal }: SecretFileOptions = {},
): Promise<SecretFile> {
  // Windows has neither such pipes nor the flag.
  const fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  let isOurs = true
  try {
    const stats = fstatSync(fd)
    if (stats.isFile()) return { text: textOf(readAll(fd)), mode: stats.mode }
    if (!pipes || !stats.isFIFO()) throw new NoSecretFileError(`it is ${kindOf(stats)}`)
    const socket = new Socket({ fd, readable: true, writable: false })
    isOurs = false
    if (signal !== undefined) addAbortSignal(signal, socket)
    return { text: textOf(await readPipe(socket)), mode: stats.mode }
  } finally {
    if (isOurs) closeSync(fd)
  }
}

function readAll(fd: number): Uint8Array {
  const room = new Uint8Array(BYTES_MAX + 1)
  let filled = 0
  while (filled < room.length) {
    const bytes = readSync(fd, room, filled, room.length - filled, null)
    if (bytes === 0) break
    filled += bytes
  }
  return room.subarray(0, filled)
}

async function readPipe(pipe: Socket): Promise<Uint8Array> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of pipe as AsyncIterable<Buffer>) {
    parts.push(part)
    bytes += part.length
    if (bytes > BYTES_MAX) break
  }
  return Buffer.concat(parts)
}

function textOf(bytes: Uint8Array): string {
  if (bytes.length > BYTES_MAX) throw new NoSecretFileError('it is too large for one')
  return Buffer.from(bytes).toString('utf8')
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder'
  if (stats.isFIFO()) return 'a pipe'
  return stats.isSocket() ? 'a socket' : 'a device'
}
