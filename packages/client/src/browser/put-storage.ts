/** What a page keeps of a put, and the hasher of its pieces: used together, so loaded together, and by no page that only fetches. */
export { createPieceHasher } from '@granary/content'
export { blobSpool } from '../sources/blob-spool.ts'
export { indexedDbJournal } from './indexed-db-journal.ts'
export { indexedDbOutbox } from './indexed-db-outbox.ts'
export { opfsStreams } from './opfs-streams.ts'
