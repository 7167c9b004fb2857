/**
 * docs/spec/records.md, made from the declarations that encode and decode: what another implementation must know of every
 * message and of every record of the state, byte by byte.
 */

import type { StructType } from '../src/codec/field.ts'
import type { Struct } from '../src/codec/struct.ts'
import { dealRenewal } from '../src/messages/deal-renewal.ts'
import { dealTerms } from '../src/messages/deal-terms.ts'
import { declarations, type MessageName, transactions } from '../src/messages/declarations.ts'
import { classOf, unitsOf } from '../src/messages/fee.ts'
import { login } from '../src/messages/login.ts'
import type { MessageScope } from '../src/messages/message.ts'
import { quote } from '../src/messages/quote.ts'
import { envelope } from '../src/messages/transaction.ts'
import { chainParams } from '../src/records/chain-params.ts'
import { genesisStruct } from '../src/records/genesis.ts'
import type { RecordTable } from '../src/records/record-table.ts'
import { recordTables } from '../src/records/record-tables.ts'

const HEAD = `# Messages and records, field by field

Made from the declarations of \`packages/protocol\`; a test compares them. What the words mean stands in [chain.md](chain.md).

Everything is a dag-cbor tuple: the fields in this order, as integers, byte strings and lists. *Minimal bytes* of an integer
are big-endian without leading zeros, none for 0. Text is UTF-8. A CID is its bytes. A named structure is a tuple of its own.
In EIP-712, text and CIDs are strings in their canonical text form, an absent integer is 0, an absent text the empty string.
`

export function specOfRecords(): string {
  return `${HEAD}\n${specOfMessages()}\n${specOfState()}`
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
    'for each message, and for each KiB of it that has begun. By a session key: one with its name among the scopes, which every key',
    'has that a provider is registered with for its daemon where it says so.\n',
    ...names.map((name) => sectionOf(declarations[name].body.structs[0]!, captionOf(name))),
    '## Parts of messages, and what is signed apart from them\n',
    ...parts.map((part) => sectionOf(part, '')),
  ].join('\n')
}

function specOfState(): string {
  const all: readonly Pick<RecordTable<[], object>, 'name' | 'parts' | 'record'>[] = Object.values(recordTables)
  const rows = all.map(({ name, parts, record }) => `| ${[name, ...parts].join('/')} | ${fieldsOf(record)} |`)
  const structs = [genesisStruct, chainParams, ...all.map(({ record }) => record)].flatMap((each) => each.structs)
  const sections = [...new Map(structs.map((each) => [each.name, each])).values()].filter(
    ({ members }) => members.length > 0,
  )
  return [
    '## The state\n',
    'Keys are the name of a table and the parts, joined by slashes: numbers as 14 lower-case hexadecimal digits, addresses and',
    'ids as 0x and theirs, a public key as its alone, a profile as its name. Besides these: `genesis` (Genesis, as it was),',
    '`params` (ChainParams, as they are), and what follows from the others: `app-hash` and the pages under `tree`.\n',
    '| key | value |',
    '|---|---|',
    ...rows,
    '\n## Records of the state\n',
    ...sections.map(({ name, members }) => {
      const fields = members.map(([field, , form]) => `| ${field} | ${form} |`)
      return [`### ${name}\n`, '| field | encoded |', '|---|---|', ...fields, ''].join('\n')
    }),
  ].join('\n')
}

function fieldsOf({ name, fields }: Struct<object>): string {
  return Object.keys(fields).length === 0 ? 'nothing: an empty tuple' : name
}

const SIGNED_BY: { readonly [S in MessageScope]: string } = {
  owner: "by the account's own key",
  session: 'by a session key too',
  daemon: "by a daemon's key too",
}

function captionOf(name: MessageName): string {
  const { kind, sizeMax } = declarations[name]
  const head = `kind ${kind}, ${sizeMax.toLocaleString('en')} bytes`
  if (name === 'BeaconEntry') return `${head}, no sender, no fee`
  const base = unitsOf(name, 0)
  const perKiB = unitsOf(name, 1) - base
  const units = `${base.toLocaleString('en')} units${perKiB === 0 ? '' : ` and ${perKiB.toLocaleString('en')} a KiB`}`
  return `${head}, ${units}, ${classOf(name)}, ${SIGNED_BY[transactions[name].scope]}`
}

function sectionOf({ name, members }: StructType, caption: string): string {
  const rows = members.map(([field, type, form]) => `| ${field} | ${type} | ${form} |`)
  const table = ['| field | EIP-712 | encoded |', '|---|---|---|', ...rows].join('\n')
  return `### ${name}\n${caption === '' ? '' : `${caption}\n`}\n${table}\n`
}
