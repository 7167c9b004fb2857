/** The client of a program that runs in Node: put, get, deals, status, with a journal that survives a kill. */
import { createGranary as createOver, type Granary } from '../create-granary.ts'
import type { Content, ContentSource } from '../sources/content-source.ts'
import type { PutOptions, PutResult } from '../upload/put.ts'
import { type ClientOptions, nodePorts } from './node-ports.ts'
import { type PathSource, pathSource } from './path-source.ts'
import { type SaveOptions, type SaveResult, save } from './save.ts'

export interface Client extends Omit<Granary, 'put' | 'save'> {
  /**
   * Stores a file or folder by its path, or what is at hand as bytes, a Blob or a stream; resolves when its deal is active.
   * The same call after a kill goes on where it was.
   */
  put(source: string | PathSource | ContentSource | Content, options?: PutOptions): Promise<PutResult>
  /** Fetches a file or a folder by its root CID, with a path below it, verified block by block, to `outPath`. */
  save(rootOrPath: string, outPath: string, options?: SaveOptions): Promise<SaveResult>
}

export function createGranary(options: ClientOptions): Client {
  const ports = nodePorts(options)
  const granary = createOver(ports)
  return {
    ...granary,
    put: async (source, putOptions) =>
      await granary.put(typeof source === 'string' ? await pathSource(source) : source, putOptions),
    save: (rootOrPath, outPath, getOptions) => save(ports, rootOrPath, outPath, getOptions),
  }
}
