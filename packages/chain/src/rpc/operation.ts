/** One thing that can be asked of a node: declared once, from which it is served, validated and documented. */
import type { ErrorCode } from '@granary/base'
import { type Request, type RequestHandler, type Response, Router } from 'express'
import type * as z from 'zod'
import { parse } from './schemas.ts'

export interface Operation<P, Q, A> {
  readonly id: string
  readonly method: 'get' | 'post'
  /** Parameters in braces: `/v1/deals/{id}`. */
  readonly path: string
  readonly summary: string
  readonly params: z.ZodType<P>
  readonly query: z.ZodType<Q>
  readonly answer: z.ZodType<A>
  /** Of the answer. @default application/json */
  readonly type?: string
  /** Media types that are taken, each with its form; JSON is parsed by it. */
  readonly bodies?: Readonly<Record<string, z.ZodType>>
  /** Other statuses of success, with what they mean. */
  readonly also?: Readonly<Record<number, string>>
  /** Codes of errors that are particular to it. */
  readonly errors: readonly ErrorCode[]
  /** A request that every node answers, or refuses by name. */
  readonly example: { readonly path: string; readonly body?: unknown }
}

export type AnyOperation = Operation<unknown, unknown, unknown>

export interface OperationInput<P, Q> {
  readonly params: P
  readonly query: Q
  readonly request: Request
  readonly response: Response
}

export interface ServedOperation {
  readonly operation: AnyOperation
  readonly router: Router
}

/** Answers are made of one synchronous look at the state, or await what they wait for first. */
export function serve<P, Q, A>(
  operation: Operation<P, Q, A>,
  answer: (input: OperationInput<P, Q>) => A | Promise<A>,
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
export function listenTo<P, Q, A>(
  operation: Operation<P, Q, A>,
  respond: (input: OperationInput<P, Q>) => Promise<void>,
  ...parsers: readonly RequestHandler[]
): ServedOperation {
  const router = Router()
  const path = operation.path.replaceAll(/\{(\w+)\}/g, ':$1')
  const handler: RequestHandler = (request, response) =>
    respond({
      params: parse(operation.params, request.params),
      query: parse(operation.query, request.query),
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
