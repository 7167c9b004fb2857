/** The client of a program that runs in Node: put, get, deals, status, with a journal that survives a kill. */
import { createGranary as createOver, type Granary } from '../create-granary.ts'
import type { Content, ContentSource } from '../sources/content-source.ts'
import type { PutOptions } from '../upload/put-prepared.ts'
import type { PutResult } from '../upload/put-result.ts'
import type { Upload } from '../upload/upload.ts'
import type { UploadQuote } from '../upload/upload-quote.ts'
import { type ClientOptions, nodePorts } from './node-ports.ts'
import { type PathSource, pathSource } from './path-source.ts'
import { type SaveOptions, type SaveResult, type SaveUnderOwnName, save } from './save.ts'

type NodeSource = string | PathSource | ContentSource | Content

/** The client of a program with files: what differs from Granary takes paths. */
export interface Client extends Omit<Granary, 'put' | 'upload' | 'quote' | 'save'> {
  /**
   * Stores a file or folder by its path, or what is at hand as bytes, a Blob or a stream; resolves when its deals are active.
   * The same call after a kill goes on where it was.
   */
  put(source: NodeSource, options?: PutOptions): Promise<PutResult>
  /** The same, to be looked at, begun, waited for and ended. */
  upload(source: NodeSource, options?: PutOptions): Promise<Upload>
  /** Who would store it, why, and the whole price; nothing is spent. */
  quote(source: NodeSource, options?: PutOptions): Promise<UploadQuote>
  /** Fetches a file or a folder by its root CID, with a path below it, verified block by block, to `outPath`. */
  save(rootOrPath: string, outPath: string | SaveUnderOwnName, options?: SaveOptions): Promise<SaveResult>
}

/** The client over the files of a folder. @throws as Granary does */
export function createGranary(options: ClientOptions): Client {
  const ports = { ...nodePorts(options), memory: new Map() }
  const granary = createOver(ports)
  return {
    ...granary,
    put: async (source, putOptions) => await granary.put(await sourceOf(source), putOptions),
    upload: async (source, putOptions) => await granary.upload(await sourceOf(source), putOptions),
    quote: async (source, putOptions) => await granary.quote(await sourceOf(source), putOptions),
    save: (rootOrPath, outPath, getOptions) => save(ports, rootOrPath, outPath, getOptions),
  }
}

async function sourceOf(source: NodeSource): Promise<Exclude<NodeSource, string>> {
  return typeof source === 'string' ? await pathSource(source) : source
}
