/**
 * Serves an operation over Express: the request is parsed by its declaration, and the answer is of the form that who asked
 * parses. What is served is known by its declarations, and documented from them.
 */
import type { Request as HttpRequest, IRouter, RequestHandler, Response } from 'express'
import { inEnglish } from '../operation/in-english.ts'
import type { Answer, Operation, Request } from '../operation/operation.ts'
import { requireMediaType } from './require-media-type.ts'

export interface Served<O extends Operation> extends Request<O> {
  readonly request: HttpRequest
  readonly response: Response
}

export interface ServedOperation<O extends Operation = Operation> {
  readonly operation: O
  readonly handlers: readonly RequestHandler[]
}

/**
 * Answers are made of one synchronous look, or await what they wait for first. A request that does not fit throws a
 * $ZodError, the MessageInvalidError of a struct, or a BodyTypeError, to Express.
 * @param before: what reads a body, or refuses a request before it is looked at
 */
export function serve<O extends Operation>(
  operation: O,
  answer: (input: Served<O>) => Answer<O> | Promise<Answer<O>>,
  ...before: readonly RequestHandler[]
): ServedOperation<O> {
  const respond = async (input: Served<O>): Promise<void> => {
    input.response.json(await answer(input))
  }
  return listenTo(operation, respond, ...before)
}

/** As serve, for what writes its answer itself. */
export function listenTo<O extends Operation>(
  operation: O,
  respond: (input: Served<O>) => Promise<void>,
  ...before: readonly RequestHandler[]
): ServedOperation<O> {
  const handler: RequestHandler = async (request, response) => {
    requireMediaType(operation, request)
    const params = operation.params.parse(request.params, inEnglish)
    const query = operation.query?.parse(request.query, inEnglish)
    const body = operation.body?.parse(request.body ?? {}, inEnglish)
    await respond({ params, query, body, request, response } as Served<O>)
  }
  const name: RequestHandler = (_, response, next) => {
    response.locals.operation = operation.id
    next()
  }
  return { operation, handlers: [name, ...before, handler] }
}

export function mount(router: IRouter, served: readonly ServedOperation[]): void {
  for (const { operation, handlers } of served) {
    const path = operation.path.replaceAll(/\{(\w+)\}/g, ':$1')
    router[operation.method](path, ...handlers)
  }
}
