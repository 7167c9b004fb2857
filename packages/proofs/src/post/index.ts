/** The proof that sealed sectors are still stored: at each challenge, for a whole list at once. Node only. */
export { type DamagedSector, type FindDamagedInput, findDamaged } from './find-damaged.ts'
export { PostInputError, type ProvePostInput, provePost, SkipsInvalidError } from './prove-post.ts'
