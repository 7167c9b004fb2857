/** The form of one type of event. */
import * as z from 'zod/mini'

export function event<T extends string, F extends z.core.$ZodShape>(type: T, fields: F) {
  return z.object({ type: z.literal(type), ...fields })
}
