/**
 * `@granary/protocol/resend`: for who keeps signed messages until their end is known. An entry of its own, so that a page which
 * only sends does not load it.
 */
export { replaceMessage } from './replace-message.ts'
export { MessageUndecidedError, resumeMessage } from './resume-message.ts'
