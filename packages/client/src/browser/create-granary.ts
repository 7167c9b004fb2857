/** The client of a page: put, get, deals, status, with a journal that survives a reload. */
import { createGranary as createOver, type Granary } from '../create-granary.ts'
import { type BrowserOptions, browserPorts } from './browser-ports.ts'

/**
 * Over the browser's ports. A put that a reload has broken off goes on when the same content is put again: what the provider
 * has of it is not sent twice, and a deal is paid once.
 */
export function createGranary(options: BrowserOptions): Granary {
  return createOver(browserPorts(options))
}
