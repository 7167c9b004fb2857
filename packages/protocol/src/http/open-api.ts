/** The OpenAPI 3.1 document of a program, made from the declarations that its requests are checked by. */
import type { ErrorCode } from '@granary/base'
import * as z from 'zod/mini'
import type { DescribedOperation } from '../operation/operation.ts'
import { bodiesOf, JSON_TYPE } from './bodies-of.ts'

export interface OpenApiDocument {
  readonly openapi: '3.1.0'
  readonly info: Readonly<Record<string, string>>
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}

type JsonSchema = Record<string, unknown>

const errorAnswer = z.object({
  error: z.looseObject({
    code: z.string(),
    message: z.string(),
    hint: z.string(),
    retryable: z.boolean(),
    details: z.optional(z.record(z.string(), z.unknown())),
  }),
})

export interface OpenApiParts {
  readonly title: string
  readonly version: string
  readonly description: string
  readonly operations: readonly DescribedOperation[]
  /** Of every answer, an error's and a stream's too: the form of each, and what it says. */
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly form: z.ZodMiniType }>>
  /** Codes with which anything may be refused. */
  readonly errors: readonly ErrorCode[]
}

export function openApi(parts: OpenApiParts): OpenApiDocument {
  const { title, version, description, operations } = parts
  const paths: Record<string, Record<string, object>> = {}
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: documented(operation, parts) }
  }
  return {
    openapi: '3.1.0',
    info: { title, version, description },
    paths,
    components: { schemas: { Error: schemaOf(errorAnswer) } },
  }
}

function documented(operation: DescribedOperation, parts: OpenApiParts): object {
  const { id, summary, params, query, errors, answer, also = {} } = operation
  const bodies = bodiesOf(operation)
  const content = { [operation.type ?? JSON_TYPE]: { schema: schemaOf(answer) } }
  const headers = mapValues(parts.headers ?? {}, ({ description, form }) => ({
    description,
    required: true,
    schema: schemaOf(form),
  }))
  const codes = [...errors, ...(bodies === undefined ? [] : ['CONTENT_TYPE_UNSUPPORTED']), ...parts.errors].join(', ')
  return {
    operationId: id,
    summary,
    parameters: [...parametersOf(params, 'path'), ...(query === undefined ? [] : parametersOf(query, 'query'))],
    ...(bodies === undefined
      ? {}
      : { requestBody: { required: true, content: mapValues(bodies, (form) => ({ schema: schemaOf(form) })) } }),
    responses: {
      200: { description: 'The answer', headers, content },
      ...mapValues(also, (description) => ({ description, headers, content })),
      default: {
        description: `An error with its code: ${codes}`,
        headers,
        content: { [JSON_TYPE]: { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  }
}

function parametersOf(schema: z.ZodMiniType, place: 'path' | 'query'): object[] {
  const { properties = {}, required = [] } = schemaOf(schema) as {
    properties?: Record<string, JsonSchema>
    required?: string[]
  }
  return Object.entries(properties).map(([name, of]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema: of,
  }))
}

/** As it is sent, whatever who gets it makes of it. */
function schemaOf(schema: z.ZodMiniType): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io: 'input',
    // What is parsed in another way than by its form says its form itself.
    unrepresentable: 'any',
    override: ({ jsonSchema }) => tidy(jsonSchema),
  })
  return json
}

/** A number in a query is text of digits, and an integer to who reads the document. */
function tidy(json: JsonSchema): void {
  if (json.type === 'integer') delete json.pattern
}

function mapValues<T>(record: Readonly<Record<string, T>>, change: (value: T) => object): Record<string, object> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}
