/** The proof that sealed sectors are still stored: at each challenge, for a whole list at once. Node only. */
export { PostInputError, type ProvePostInput, provePost, SkipsInvalidError } from './prove-post.ts'
