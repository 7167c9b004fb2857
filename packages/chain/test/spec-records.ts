/**
 * docs/spec/records.md, made from the declarations that encode and decode: what another implementation must know of every
 * message and of every record of the state, byte by byte.
 */
import { declarations, type MessageName } from '../src/messages/bodies.ts'
import { dealRenewal } from '../src/messages/deal-renewal.ts'
import { dealTerms } from '../src/messages/deal-terms.ts'
import { classOf, unitsOf } from '../src/messages/fee.ts'
import type { StructType } from '../src/messages/field.ts'
import { login } from '../src/messages/login.ts'
import { quote } from '../src/messages/quote.ts'
import { envelope } from '../src/messages/transaction.ts'

const HEAD = `# Messages and records, field by field

Made from the declarations of \`packages/chain\`; a test compares them. What the words mean stands in [chain.md](chain.md).

Everything is a dag-cbor tuple: the fields in this order, as integers, byte strings and lists. *Minimal bytes* of an integer
are big-endian without leading zeros, none for 0. Text is UTF-8. A CID is its bytes. A named structure is a tuple of its own.
In EIP-712, text and CIDs are strings in their canonical text form, an absent integer is 0, an absent text the empty string.
`

export function specOfRecords(): string {
  return `${HEAD}\n${specOfMessages()}`
}

function specOfMessages(): string {
  const names = (Object.keys(declarations) as MessageName[]).toSorted(
    (a, b) => declarations[a].kind - declarations[b].kind,
  )
  const bodies = names.map((name) => declarations[name].body)
  const shared = [envelope, dealTerms, dealRenewal, quote, login, ...bodies].flatMap(({ structs }) => structs)
  const parts = [...new Map(shared.map((each) => [each.name, each])).values()].filter(
    ({ name }) => !names.includes(name as MessageName),
  )
  return [
    '## Messages\n',
    '`[1, kind, ...Envelope, body, signature of 65 or 96 bytes]`; BeaconEntry: `[1, 0, ...its fields]`. What is signed is the',
    'EIP-712 structure of the message with `Envelope tx` as its first member. Bytes: of the whole transaction, at most. Units:',
    'for each message, and for each KiB of it that has begun.\n',
    ...names.map((name) => sectionOf(declarations[name].body.structs[0]!, captionOf(name))),
    '## Parts of messages, and what is signed apart from them\n',
    ...parts.map((part) => sectionOf(part, '')),
  ].join('\n')
}

function captionOf(name: MessageName): string {
  const { kind, sizeMax } = declarations[name]
  const head = `kind ${kind}, ${sizeMax.toLocaleString('en')} bytes`
  if (name === 'BeaconEntry') return `${head}, no sender, no fee`
  const base = unitsOf(name, 0)
  const perKiB = unitsOf(name, 1) - base
  const units = `${base.toLocaleString('en')} units${perKiB === 0 ? '' : ` and ${perKiB.toLocaleString('en')} a KiB`}`
  return `${head}, ${units}, ${classOf(name)}`
}

function sectionOf({ name, members }: StructType, caption: string): string {
  const rows = members.map(([field, type, form]) => `| ${field} | ${type} | ${form} |`)
  const table = ['| field | EIP-712 | on the wire |', '|---|---|---|', ...rows].join('\n')
  return `### ${name}\n${caption === '' ? '' : `${caption}\n`}\n${table}\n`
}
