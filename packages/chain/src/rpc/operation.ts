/** Serves an operation of a node: its request is checked by its declaration, and its answer is of the declared form. */
import type { NodeOperation, Parsed } from '@granary/protocol/operation'
import { type Request, type RequestHandler, type Response, Router } from 'express'
import type * as z from 'zod'
import { parse } from './schemas.ts'

export interface OperationInput<O extends NodeOperation> {
  readonly params: z.output<O['params']>
  readonly query: z.output<O['query']>
  readonly request: Request
  readonly response: Response
}

export interface ServedOperation {
  readonly operation: NodeOperation
  readonly router: Router
}

/** Answers are made of one synchronous look at the state, or await what they wait for first. */
export function serve<O extends NodeOperation>(
  operation: O,
  answer: (input: OperationInput<O>) => Parsed<O> | Promise<Parsed<O>>,
  ...parsers: readonly RequestHandler[]
): ServedOperation {
  return listenTo(
    operation,
    async (input) => {
      input.response.json(await answer(input))
    },
    ...parsers,
  )
}

/** As serve, for what writes its answer itself. */
export function listenTo<O extends NodeOperation>(
  operation: O,
  respond: (input: OperationInput<O>) => Promise<void>,
  ...parsers: readonly RequestHandler[]
): ServedOperation {
  const router = Router()
  const path = operation.path.replaceAll(/\{(\w+)\}/g, ':$1')
  const handler: RequestHandler = (request, response) =>
    respond({
      params: parse<z.output<O['params']>>(operation.params as z.ZodType<z.output<O['params']>>, request.params),
      query: parse<z.output<O['query']>>(operation.query as z.ZodType<z.output<O['query']>>, request.query),
      request,
      response,
    })
  const name: RequestHandler = (_, response, next) => {
    response.locals.operation = operation.id
    next()
  }
  if (operation.method === 'get') router.get(path, name, handler)
  else router.post(path, name, ...parsers, handler)
  return { operation, router }
}
