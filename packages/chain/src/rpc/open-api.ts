/** The OpenAPI 3.1 document of a node, made from the declarations that its requests are checked by. */

import { errorAnswer } from '@granary/protocol/chain-api'
import { hash } from '@granary/protocol/json'
import type { NodeOperation } from '@granary/protocol/operation'
import * as z from 'zod'
import { GENESIS_HEADER, HEIGHT_HEADER } from './name-chain.ts'

export interface OpenApiDocument {
  readonly openapi: '3.1.0'
  readonly info: Readonly<Record<string, string>>
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}

type JsonSchema = Record<string, unknown>

export function openApi(operations: readonly NodeOperation[], version: string): OpenApiDocument {
  const paths: Record<string, Record<string, object>> = {}
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: documented(operation) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Granary chain node',
      version,
      description:
        'Amounts are decimal strings of attoGRN, bytes are 0x hex, epochs are block heights. Every answer names the genesis of its chain and the height of the node.',
    },
    paths,
    components: { schemas: { Error: schemaOf(errorAnswer, 'output') } },
  }
}

function documented(operation: NodeOperation): object {
  const { id, summary, params, query, bodies, errors, answer, also = {} } = operation
  const content = { [operation.type ?? 'application/json']: { schema: schemaOf(answer, 'output') } }
  const headers = chainHeaders()
  const codes = [...errors, 'REQUEST_INVALID', 'RATE_LIMITED'].join(', ')
  return {
    operationId: id,
    summary,
    parameters: [...parametersOf(params, 'path'), ...parametersOf(query, 'query')],
    ...(bodies === undefined ? {} : { requestBody: { required: true, content: mapValues(bodies, bodyOf) } }),
    responses: {
      200: { description: 'The answer', headers, content },
      ...mapValues(also, (description) => ({ description, headers, content })),
      default: {
        description: `An error with its code: ${codes}`,
        headers,
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  }
}

/** Of every answer, an error's and a stream's too. */
function chainHeaders(): object {
  return {
    [GENESIS_HEADER]: {
      description: 'Hash of the genesis of the chain',
      required: true,
      schema: schemaOf(hash, 'output'),
    },
    [HEIGHT_HEADER]: {
      description: 'A height that this node had reached: the state that was read is not older',
      required: true,
      schema: { type: 'integer', minimum: 0 },
    },
  }
}

function parametersOf(schema: z.ZodType, place: 'path' | 'query'): object[] {
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
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

function bodyOf(schema: z.ZodType): object {
  return { schema: schemaOf(schema, 'input') }
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, override: ({ jsonSchema }) => tidy(jsonSchema, io) })
  return json
}

/** A number in a query is text of digits, and an integer to who reads the document; answers may get more fields. */
function tidy(json: JsonSchema, io: 'input' | 'output'): void {
  if (json.type === 'integer') delete json.pattern
  if (io === 'output' && json.additionalProperties === false) delete json.additionalProperties
}

function mapValues<T>(record: Readonly<Record<string, T>>, change: (value: T) => object): Record<string, object> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}
