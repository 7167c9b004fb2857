/** What a page knows of the events of operators: that there are none. */
import type { operatorEvents as all } from './operator-events.ts'

export const operatorEvents = [] as unknown as typeof all
