/** The hasher that runs everywhere, in a module of its own: a page that only fetches does not load it. */
export { createPieceHasher } from '@granary/content'
