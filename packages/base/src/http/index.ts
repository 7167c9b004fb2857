/** What every HTTP interface here does alike. */
export {
  type AnswerErrorsParts,
  answerErrors,
  type Fault,
  type Unreadable,
  unreadableOf,
} from './answer-errors.ts'
export { ListenError, listenOn, urlOf } from './listen-on.ts'
export { statusOf } from './status-of.ts'
