/** `@granary/protocol/operation`: what an operation of an HTTP interface is. */
export {
  type Answer,
  type NodeOperation,
  type Operation,
  type Parsed,
  pathOf,
  type Question,
  type Request,
} from './operation.ts'
