/** Content back to the disk by its CID: a file, a folder with all that is in it, or either as a CAR. */

import { join } from 'node:path'
import { systemClock } from '@granary/base'
import { NotAFileError, parseCid } from '@granary/content'
import type { ChainClient } from '@granary/protocol/client'
import type { Fetch } from '../ports.ts'
import { type GetOptions, get, type Retrieved } from '../retrieve/get.ts'
import type { HolderMemory } from '../retrieve/holder-state.ts'
import { parseContentPath } from '../retrieve/parse-content-path.ts'
import type { HolderReport } from '../retrieve/report.ts'
import { asOutInvalid, checkPlace, fileSink, isFolderThere, OutInvalidError } from './file-sink.ts'
import { checkNames, isName, isThere, OutExistsError, writeFolder } from './folder-writer.ts'

/** What getting content takes: no account, and nothing that is kept on a disk. */
export interface GetInput {
  readonly chain: ChainClient
  readonly fetch: Fetch
  /** Of holders that were asked before. @default none */
  readonly memory?: HolderMemory | undefined
}

/** How a fetched file or folder is written. */
export interface SaveOptions extends GetOptions {
  /** Write the content, and all below it, as a CAR. @default false */
  readonly car?: boolean | undefined
  /** Whether a folder at `outPath` may be replaced; a file is replaced anyway. @default false */
  readonly overwrite?: boolean | undefined
}

/** What was written, and who gave it. */
export interface SaveResult {
  /** Of what is at the end of the path. */
  readonly cid: string
  readonly type: 'file' | 'directory' | 'car'
  /** Whole path of the file or folder. */
  readonly out: string
  readonly bytes: number
  /** One, or those in the folder. */
  readonly files: number
  /** Who has given how much. */
  readonly report: readonly HolderReport[]
}

/** The place in this folder that has the name of what is fetched: the last of its path, that of an unwrapped file, or the CID. */
export interface SaveUnderOwnName {
  readonly folder: string
}

/**
 * It appears at `outPath` only when all of it is verified and on the disk.
 * @param rootOrPath root CID as put prints it, in any base and version, with a path below it
 * @param outPath a file with a name is put into a folder that is there. A name that the content has brought along replaces
 * nothing unless `overwrite` says so
 * @throws CidInvalidError, OutInvalidError, OutExistsError, CidNotStoredError, NotAFileError, EntryUnsafeError, DagInvalidError,
 * RetrievalFailedError
 */
export async function save(
  { chain, fetch, memory }: GetInput,
  rootOrPath: string,
  outPath: string | SaveUnderOwnName,
  options: SaveOptions = {},
): Promise<SaveResult> {
  const { overwrite = false, car = false } = options
  const { root, names } = parseContentPath(rootOrPath)
  const target = { outPath, typed: ownName(names.at(-1)), cid: root.toString(), car, overwrite }
  // What is wrong with the place is said before anybody is asked; what the content is will be known later.
  const newFolder = await isNewFolder(outPath)
  const unwrap = options.unwrap === true && !car && !newFolder
  const place = await fileSink(placeOf(target))
  const mayBeFolder = overwrite || unwrap || target.typed !== undefined
  await (mayBeFolder ? checkPlace(place.out) : place.check())
  const got = await get({ chain, fetch, clock: systemClock, memory }, rootOrPath, { ...options, unwrap })
  try {
    const { cid } = got
    const sink = await fileSink(await placeFor(got, target))
    return { cid, out: sink.out, ...(await write(got, sink, { car, overwrite, newFolder })), report: got.report }
  } finally {
    got.close()
  }
}

interface Target {
  readonly outPath: string | SaveUnderOwnName
  /** The last name of the path that was asked for. */
  readonly typed: string | undefined
  readonly cid: string
  readonly car: boolean
  readonly overwrite: boolean
}

/** Who writes a slash behind the name of what is not there wants a folder, whatever is in it. */
async function isNewFolder(outPath: string | SaveUnderOwnName): Promise<boolean> {
  return typeof outPath === 'string' && outPath.endsWith('/') && !(await isFolderThere(outPath))
}

/** As far as it is known before the content is. */
function placeOf({ outPath, typed, cid, car }: Target): string {
  return typeof outPath === 'string' ? outPath : join(outPath.folder, `${typed ?? cid}${car ? '.car' : ''}`)
}

async function placeFor(got: Retrieved, target: Target): Promise<string> {
  const { outPath, typed, car, overwrite } = target
  const folder = typeof outPath === 'string' ? ((await isFolderThere(outPath)) ? outPath : undefined) : outPath.folder
  const name = got.type === 'file' && !car ? got.name : undefined
  if (folder === undefined || name === undefined) return placeOf(target)
  return name === typed ? join(folder, name) : await placeOfStranger(folder, name, overwrite)
}

/** @throws EntryUnsafeError, OutInvalidError, OutExistsError */
async function placeOfStranger(folder: string, name: string, overwrite: boolean): Promise<string> {
  checkNames([name])
  const place = join(folder, name)
  const fault = faultOfStranger(name)
  if (fault !== undefined)
    throw new OutInvalidError(
      place,
      `the name of this file ${fault}, and nobody has asked for it`,
      'choose a name for it (-o OUT)',
    )
  if (!overwrite && (await isThere(place))) throw new OutExistsError(place)
  return place
}

/** It was not chosen by who fetches it: a name must not do more than name. */
function faultOfStranger(name: string): string | undefined {
  // A shell may read such a file when it starts.
  if (name.startsWith('.')) return 'is hidden'
  // With `rm *`, or another command, it is a flag.
  if (name.startsWith('-')) return 'is read as a flag'
  // A terminal that lists it does what they say, or shows another name.
  return /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u.test(name) ? 'has control characters' : undefined
}

/** Of what was asked for; undefined: it is none on this system, or leads elsewhere. */
function ownName(name: string | undefined): string | undefined {
  return name !== undefined && isName(name) ? name : undefined
}

async function write(
  got: Retrieved,
  sink: Awaited<ReturnType<typeof fileSink>>,
  { car, overwrite, newFolder }: Pick<Target, 'car' | 'overwrite'> & { readonly newFolder: boolean },
): Promise<Pick<SaveResult, 'type' | 'bytes' | 'files'>> {
  if (car || got.type === 'file') {
    if (newFolder)
      throw new OutInvalidError(
        sink.out,
        `there is no such folder, and ${car ? 'a CAR' : 'this'} is a file`,
        'make the folder first, or give OUT without the slash behind it',
      )
    await sink.check()
    const bytes = await sink.write(car || got.type !== 'file' ? got.car() : got.stream())
    return { type: car ? 'car' : 'file', bytes, files: 1 }
  }
  if (got.type !== 'directory') throw new NotAFileError(parseCid(got.cid), got.type === 'object' ? got.what : got.type)
  await checkPlace(sink.out)
  const written = await writeFolder(sink.out, got.entries(), { overwrite }).catch(asOutInvalid(sink.out))
  return { type: 'directory', ...written }
}
