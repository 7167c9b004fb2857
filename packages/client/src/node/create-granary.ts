/** The client of a program that runs in Node: put, get, deals, status, with a journal that survives a kill. */
import { createGranary as createOver, type Granary } from '../create-granary.ts'
import type { GetOptions } from '../retrieve/get.ts'
import type { PutOptions, PutResult } from '../upload/put.ts'
import { fileSource } from './file-source.ts'
import { type GetResult, get } from './get.ts'
import { type ClientOptions, nodePorts } from './node-ports.ts'

export interface Client extends Omit<Granary, 'put' | 'get'> {
  /** Stores a file; resolves when its deal is active. The same call after a kill goes on where it was. */
  put(path: string, options?: PutOptions): Promise<PutResult>
  /** Fetches a file by its root CID, verified block by block, to `outPath`. */
  get(cid: string, outPath: string, options?: GetOptions): Promise<GetResult>
}

export function createGranary(options: ClientOptions): Client {
  const ports = nodePorts(options)
  const granary = createOver(ports)
  return {
    ...granary,
    put: async (path, putOptions) => await granary.put(await fileSource(path), putOptions),
    get: (cid, outPath, getOptions) => get(ports, cid, outPath, getOptions),
  }
}
