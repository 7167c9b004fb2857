/** What a page knows of the messages of operators: that there are none, as far as it needs to know. */
import type { OperatorMessages, SealingMessages } from './operator-messages.ts'

export const operatorMessages = [] as unknown as OperatorMessages
export const sealingMessages = [] as unknown as SealingMessages
