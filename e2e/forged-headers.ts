/** Each way to forge a header of a network and the votes for it, made of true ones: what none of its light clients may believe. */
import { fromHex } from '@granary/base'
import type { BlockView } from '@granary/protocol/client'
import { decodeTuple, encodeRecord } from '@granary/protocol/codec'
import { type CometCommit, type CometHeader, cometCommit, cometHeader, hashValidators } from '@granary/protocol/comet'
import type { SignedBytes } from '@granary/protocol/header'

export interface Forged {
  readonly what: string
  readonly signed: SignedBytes
}

type Shown = Pick<BlockView, 'headerBytes' | 'signature'>

const STRANGER = new Uint8Array(32).fill(99)
const NOTHING = new Uint8Array(0)

/** @param other a later block of the same network */
export function forgedHeaders(block: Shown, other: Shown): Forged[] {
  const [header, commit] = [headerOf(block), ofEnough(commitOf(block))]
  const forged = (what: string, given: { header?: CometHeader; commit?: CometCommit }): Forged => ({
    what,
    signed: {
      bytes: encodeRecord(cometHeader, given.header ?? header),
      signature: encodeRecord(cometCommit, given.commit ?? commit),
    },
  })
  const voters = (what: string, changed: CometCommit['voters'], also: Partial<CometHeader> = {}): Forged =>
    forged(what, { commit: { ...commit, voters: changed }, header: { ...header, ...also } })
  const { voters: all } = commit
  const voted = all.flatMap(({ signature }, index) => (signature.length > 0 ? [index] : []))
  const silent = (count: number) =>
    all.map((voter, index) => (voted.indexOf(index) < count ? withoutVote(voter) : voter))
  const stranger = { ...all[0]!, publicKey: STRANGER }
  const strangers = [stranger, ...all.slice(1)]
  return [
    ...fieldsOf(header).map((field) =>
      forged(`another ${field}`, { header: { ...header, [field]: changed(header[field]) } }),
    ),
    ...(['round', 'partsTotal', 'partsHash'] as const).map((field) =>
      forged(`another ${field}`, { commit: { ...commit, [field]: changed(commit[field]) } }),
    ),
    ...voted.flatMap((index) =>
      (['publicKey', 'power', 'timeNs', 'signature'] as const).map((field) =>
        voters(
          `another ${field} of vote ${index}`,
          all.with(index, { ...all[index]!, [field]: changed(all[index]![field]) }),
        ),
      ),
    ),
    voters('two thirds of the votes', silent(1)),
    voters('no votes', silent(voted.length)),
    voters('a vote twice', [...all, all[voted[0]!]!]),
    voters('a validator left out', all.slice(1)),
    voters('the votes in another order', all.toReversed()),
    voters('a stranger among them', strangers),
    voters('strangers that the header names', strangers, { validatorsHash: hashValidators(strangers) }),
    forged('votes for a later block', { commit: commitOf(other) }),
    forged('the header of a later block', { header: headerOf(other) }),
  ]
}

/** Of equal powers: each of the votes that stay is needed. */
function ofEnough(commit: CometCommit): CometCommit {
  const needed = Math.floor((2 * commit.voters.length) / 3) + 1
  let votes = 0
  const voters = commit.voters.map((voter) =>
    voter.signature.length > 0 && ++votes > needed ? withoutVote(voter) : voter,
  )
  return { ...commit, voters }
}

const fieldsOf = (header: CometHeader) => Object.keys(header) as (keyof CometHeader)[]
const headerOf = ({ headerBytes }: Shown): CometHeader =>
  cometHeader.fromWire(decodeTuple(fromHex(headerBytes), ''), '')
const commitOf = ({ signature }: Shown): CometCommit => cometCommit.fromWire(decodeTuple(fromHex(signature), ''), '')
const withoutVote = (voter: CometCommit['voters'][number]) => ({ ...voter, timeNs: 0n, signature: NOTHING })

function changed<T>(value: T): T {
  if (typeof value === 'number') return (value + 1) as T
  if (typeof value === 'bigint') return (value + 1n) as T
  if (typeof value === 'string') return `${value.slice(0, -1)}z` as T
  const bytes = value as Uint8Array
  if (bytes.length === 0) return new Uint8Array(32) as T
  return bytes.with(0, bytes[0]! ^ 1) as T
}
