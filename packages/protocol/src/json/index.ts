/** `@granary/protocol/json`: how values stand in JSON, for the schemas of what is sent over HTTP. */
export { address, cid, decimal, hash, hex, natural } from './forms.ts'
