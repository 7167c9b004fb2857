/**
 * @granary/client/memory: the client's ports in memory. What was put survives no reload: the deal does, and is found again.
 */
export { createChainClient } from '@granary/protocol/client'
export { accountSigner } from '@granary/protocol/messages'
export { type Duration, days, hours, minutes } from '../duration.ts'
export {
  type Content,
  type ContentFile,
  type ContentSource,
  type ContentSourceOptions,
  contentSource,
  folderSource,
  SourceInvalidError,
} from '../sources/content-source.ts'
export { type MemoryPortsOptions, memoryPorts } from './memory-ports.ts'
export { type MemorySink, memorySink } from './memory-sink.ts'
