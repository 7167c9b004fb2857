/**
 * What is not served, by rules of others: https://specs.ipfs.tech/compact-denylist-format/. A rule is about a block, whatever
 * CID it is asked by, or about what stands under a path; in the clear, or as a hash of it, which nobody can make a list of
 * content of. Plain data, so that the thread that reads DAGs is given it too: the hashes, of which there may be hundreds of
 * thousands, are in memory that both share.
 */
import { createHash } from 'node:crypto'
import { base32 } from 'multiformats/bases/base32'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'

/** 410 Gone, or 451 Unavailable For Legal Reasons. */
export type DenialStatus = 410 | 451

export interface PathRule {
  /** Without a slash at either end. */
  readonly path: string
  /** What begins so, too. */
  readonly isPrefix: boolean
  /** undefined: it is allowed, in spite of what stands before. */
  readonly status: DenialStatus | undefined
}

export interface Denylist {
  /** The file that it was read from. */
  readonly name: string
  /** In the clear, by the multihash in base58btc; of several that match the last one holds. */
  readonly rules: ReadonlyMap<string, readonly PathRule[]>
  /** SHA-256 digests, sorted, one after the other; without those that are allowed again. */
  readonly hashed: readonly { readonly status: DenialStatus; readonly digests: Uint8Array }[]
}

export interface Denial {
  readonly status: DenialStatus
  /** The list that says so. */
  readonly list: string
}

export const digestBytes = 32

/** Whether a block may not be served, or what stands under a path from it. The first list that has a rule decides. */
export function denialOf(lists: readonly Denylist[], cid: CID, names: readonly string[] = []): Denial | undefined {
  if (lists.length === 0) return undefined
  const hash = hashOf(cid)
  if (harmless.includes(hash)) return undefined
  const path = names.join('/')
  for (const { name, rules, hashed } of lists) {
    const rule = rules.get(hash)?.findLast((each) => matches(each, path))
    const status = rule === undefined ? hashedStatus(hashed, cid, hash, path) : rule.status
    if (status !== undefined) return { status, list: name }
    if (rule !== undefined) return undefined
  }
  return undefined
}

export function hashOf(cid: CID): string {
  return base58btc.encode(cid.multihash.bytes).slice(1)
}

/** Empty blocks, files and directories, in which nobody's content is, and which programs rely on. */
const harmless: readonly string[] = [
  'QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn',
  'bafyaabakaieac',
  'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku',
  'bafkqaaa',
  'QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH',
  'bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua',
  'baguqeeraiqjw7i2vwntyuekgvulpp2det2kpwt6cd7tx5ayqybqpmhfk76fa',
].map((text) => hashOf(CID.parse(text)))

function matches({ path, isPrefix }: PathRule, asked: string): boolean {
  return isPrefix ? asked.startsWith(path) : asked === path
}

/** raw, dag-pb, dag-cbor, dag-json: one form of the hashes names the codec, and the same block can be asked for by any of them. */
const codecs: readonly number[] = [0x55, 0x70, 0x71, 0x0129]

function hashedStatus(
  hashed: Denylist['hashed'],
  { code, multihash }: CID,
  hash: string,
  path: string,
): DenialStatus | undefined {
  if (hashed.length === 0) return undefined
  const texts = [
    path === '' ? hash : `${hash}/${path}`,
    ...new Set([code, ...codecs].map((codec) => `${CID.createV1(codec, multihash).toString(base32)}/${path}`)),
  ]
  const digests = texts.map((text) => createHash('sha256').update(text).digest())
  return hashed.find((part) => digests.some((digest) => has(part.digests, digest)))?.status
}

function has(sorted: Uint8Array, digest: Uint8Array): boolean {
  let low = 0
  let high = sorted.length / digestBytes
  while (low < high) {
    const middle = (low + high) >> 1
    const order = Buffer.compare(sorted.subarray(middle * digestBytes, (middle + 1) * digestBytes), digest)
    if (order === 0) return true
    if (order < 0) low = middle + 1
    else high = middle
  }
  return false
}
