/**
 * docs/spec/events.md, made from the declarations that events and timelines are parsed by: what another implementer must know
 * of what is told, field by field.
 */
import * as z from 'zod/mini'
import { streamEvent } from '../src/events/chain-event.ts'
import { timelineEntry } from '../src/events/deal-timeline.ts'
import { address, decimal, hash, hex } from '../src/json/forms.ts'

const HEAD = `# Events and timelines, field by field

Made from the declarations of \`packages/protocol/src/events\`; a test compares them. Everything is JSON: ids, heights and
epochs are whole numbers, amounts decimal digits of attoGRN, bytes 0x and lower-case hex. Who reads a type that it does not know
passes over it; a known type in another form is an error.

## Events of the chain
\`GET /v1/events\` and \`events\` of a transaction. In the stream each has \`height\` too, and the id \`height.index\`.

`
const STORY = `
## The timeline of a deal
\`timeline\` in \`GET /v1/deals/{id}\` of a provider, and its \`GET /v1/deals/{id}/events\`. Each has \`id\`, which counts up, \`atMs\`,
the provider's clock in milliseconds since 1970, and \`epoch\`, null where no block made it happen.

`

interface JsonSchema {
  readonly type?: string
  readonly pattern?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
}

const forms: ReadonlyMap<string | undefined, string> = new Map([
  [jsonOf(address).pattern, 'address'],
  [jsonOf(hash).pattern, '32 bytes'],
  [jsonOf(hex).pattern, 'bytes'],
  [jsonOf(decimal).pattern, 'amount'],
  [undefined, 'text'],
])

export function specOfEvents(): string {
  return HEAD + tableOf(streamEvent, ['type']) + STORY + tableOf(timelineEntry, ['type', 'id', 'atMs', 'epoch'])
}

function tableOf(schema: z.ZodMiniType, common: readonly string[]): string {
  const rows = optionsOf(jsonOf(schema)).map(({ properties = {}, required = [] }) => {
    const fields = Object.entries(properties)
      .filter(([name]) => !common.includes(name))
      .map(([name, of]) => `${name}${required.includes(name) ? '' : '?'}: ${formOf(of)}`)
    return `| ${properties.type?.const} | ${fields.join(', ') || '—'} |`
  })
  return ['| type | fields |', '|---|---|', ...rows, ''].join('\n')
}

function optionsOf(json: JsonSchema): readonly JsonSchema[] {
  const options = json.oneOf ?? json.anyOf
  return options === undefined ? [json] : options.flatMap(optionsOf)
}

function formOf({ const: only, enum: choices, type, items, pattern }: JsonSchema): string {
  if (only !== undefined) return `\`${only}\``
  if (choices !== undefined) return choices.map((choice) => `\`${choice}\``).join(' or ')
  if (type === 'array') return `list of ${formOf(items ?? {})}`
  if (type === 'string') return forms.get(pattern) ?? 'text'
  return 'number'
}

function jsonOf(schema: z.ZodMiniType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input' }) as JsonSchema
}
