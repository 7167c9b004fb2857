/**
 * One thing that can be asked of a chain node or of a provider, declared once: by it the request is checked and served, and by
 * it whoever asks parses the answer, which is a stranger's.
 */
import type { ErrorCode } from '@granary/base'
import type * as z from 'zod/mini'

export interface Operation {
  readonly id: string
  readonly method: 'get' | 'post'
  /** Parameters in braces: `/v1/deals/{id}`. */
  readonly path: string
  readonly params: z.ZodMiniType
  readonly query?: z.ZodMiniType
  /** Sent as JSON. */
  readonly body?: z.ZodMiniType
  /** Media types that are taken, each with its form, where there are several. */
  readonly bodies?: Readonly<Record<string, z.ZodMiniType>>
  readonly answer: z.ZodMiniType
  /** Of the answer. @default application/json */
  readonly type?: string
}

/** What a document of the interface says of an operation. */
export interface Description {
  readonly summary: string
  /** Other statuses of success, with what they mean. */
  readonly also?: Readonly<Record<number, string>>
  /** Codes of errors that are particular to it. */
  readonly errors: readonly ErrorCode[]
}

export interface DescribedOperation extends Operation, Description {}

/** Of a chain node. */
export interface NodeOperation extends Operation {
  readonly query: z.ZodMiniType
}

/** What is asked with: the request as its sender has it. */
export interface Question<O extends Operation> {
  readonly params: z.input<O['params']>
  readonly body: O['body'] extends z.ZodMiniType ? z.input<O['body']> : undefined
}

/** What is answered to: the request once it has been checked. */
export interface Request<O extends Operation> {
  readonly params: z.output<O['params']>
  readonly query: O['query'] extends z.ZodMiniType ? z.output<O['query']> : undefined
  readonly body: O['body'] extends z.ZodMiniType ? z.output<O['body']> : undefined
}

/** The answer as it is sent. */
export type Answer<O extends Operation> = z.input<O['answer']>
/** The answer as who asked has it. */
export type Parsed<O extends Operation> = z.output<O['answer']>

export function pathOf(operation: Operation, params: Readonly<Record<string, string | number>>): string {
  return operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(`${params[name]}`.toWellFormed()),
  )
}
