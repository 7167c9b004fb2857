/** The media types that an operation takes, each with its form; undefined for one without a body. */
import type { Operation } from '../operation/operation.ts'

export const JSON_TYPE = 'application/json'

export function bodiesOf({ body, bodies }: Operation): Operation['bodies'] {
  return body === undefined ? bodies : { [JSON_TYPE]: body }
}
