/** `@granary/protocol/operation`: what an operation of an HTTP interface is. */
export { inEnglish } from './in-english.ts'
export {
  type Answer,
  type DescribedOperation,
  type Description,
  type NodeOperation,
  type Operation,
  type Parsed,
  pathOf,
  type Question,
  type Request,
} from './operation.ts'
export { problemOf } from './problem-of.ts'
