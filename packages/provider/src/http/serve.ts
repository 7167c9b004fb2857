/** Serves an operation of the market: the request is parsed by its declaration, the answer is of the form that clients parse. */
import type { Answer, Operation, Request as Question } from '@granary/protocol/operation'
import type { Request, RequestHandler, Response, Router } from 'express'

export interface Served<O extends Operation> extends Question<O> {
  readonly request: Request
  readonly response: Response
}

/**
 * @param before: what refuses a request before it is looked at
 * @throws ZodError, MessageInvalidError for a request that does not fit, to express
 */
export function serve<O extends Operation>(
  router: Router,
  operation: O,
  answer: (input: Served<O>) => Answer<O> | Promise<Answer<O>>,
  ...before: readonly RequestHandler[]
): void {
  const respond = async (input: Served<O>): Promise<void> => {
    input.response.json(await answer(input))
  }
  listenTo(router, operation, respond, ...before)
}

/** As serve, for what writes its answer itself. */
export function listenTo<O extends Operation>(
  router: Router,
  operation: O,
  respond: (input: Served<O>) => Promise<void>,
  ...before: readonly RequestHandler[]
): void {
  const handler: RequestHandler = async (request, response) => {
    const params = operation.params.parse(request.params)
    const body = operation.body?.parse(request.body)
    await respond({ params, body, request, response } as Served<O>)
  }
  const path = operation.path.replaceAll(/\{(\w+)\}/g, ':$1')
  if (operation.method === 'get') router.get(path, ...before, handler)
  else router.post(path, ...before, handler)
}
