/** A body of another media type than the operation declares would not be read, and its fields would be said to be missing. */
import { GranaryError } from '@granary/base'
import type { Request } from 'express'
import type { Operation } from '../operation/operation.ts'
import { bodiesOf } from './bodies-of.ts'

/** CONTENT_TYPE_UNSUPPORTED */
export class BodyTypeError extends GranaryError {
  constructor(type: string | undefined, taken: readonly string[]) {
    super({
      code: 'CONTENT_TYPE_UNSUPPORTED',
      message: `a body of type ${type ?? '(none)'} is not taken here`,
      hint: `send ${taken.join(' or ')}`,
    })
  }
}

/** @throws BodyTypeError */
export function requireMediaType(operation: Operation, request: Request): void {
  const taken = Object.keys(bodiesOf(operation) ?? {})
  if (taken.length === 0) return
  const type = request.get('content-type')
  // Who sends nothing at all is told by the form what is missing, where there is one form alone.
  if (taken.length === 1 && type === undefined && request.get('content-length') === '0') return
  if (request.is(taken) === false) throw new BodyTypeError(type, taken)
}
