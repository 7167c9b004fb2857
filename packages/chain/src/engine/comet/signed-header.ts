/**
 * A header of CometBFT with its votes, as a light client takes them: from what CometBFT's RPC says in JSON, whose times have up
 * to nine digits behind the second. https://docs.cometbft.com/v0.38/rpc/#/Info/commit
 */
import { encodeRecord } from '@granary/protocol/codec'
import { type CometCommit, type CometHeader, cometCommit, cometHeader } from '@granary/protocol/comet'
import type { SignedBytes } from '@granary/protocol/header'
import { hexToBytes } from '@noble/hashes/utils.js'
import * as z from 'zod'

const hex = z.string().transform((text) => hexToBytes(text.toLowerCase()))
const base64 = z.string().transform((text) => new Uint8Array(Buffer.from(text, 'base64')))
const decimal = z.string().transform(Number)
const time = z.string().transform(nanosecondsOf)
const parts = z.object({ total: z.int(), hash: hex })

const answerOfCommit = z.object({
  signed_header: z.object({
    header: z.object({
      version: z.object({ block: decimal, app: decimal }),
      chain_id: z.string(),
      height: decimal,
      time,
      last_block_id: z.object({ hash: hex, parts }),
      last_commit_hash: hex,
      data_hash: hex,
      validators_hash: hex,
      next_validators_hash: hex,
      consensus_hash: hex,
      app_hash: hex,
      last_results_hash: hex,
      evidence_hash: hex,
      proposer_address: hex,
    }),
    commit: z.object({
      round: z.int(),
      block_id: z.object({ parts }),
      signatures: z.array(z.object({ block_id_flag: z.int(), timestamp: z.string(), signature: z.nullable(base64) })),
    }),
  }),
})

const answerOfValidators = z.object({
  validators: z.array(
    z.object({ pub_key: z.object({ value: base64 }), voting_power: z.string().transform((text) => BigInt(text)) }),
  ),
  total: decimal,
})

/** Of a vote: it is for the block, not for none. */
const FOR_BLOCK = 2
const VALIDATORS_A_PAGE = 100
const NS_A_MS = 1_000_000n
const NOTHING = new Uint8Array(0)

/** @param ask what CometBFT says to a method; undefined when it refuses, as for a height that it has not */
export async function signedHeader(
  ask: (method: string, params: object) => Promise<unknown>,
  height: number,
): Promise<SignedBytes | undefined> {
  const given = await ask('commit', { height: String(height) })
  if (given === undefined) return undefined
  const { header, commit } = answerOfCommit.parse(given).signed_header
  const validators = await validatorsOf(ask, height)
  if (validators.length !== commit.signatures.length)
    throw new TypeError(`CometBFT gives ${commit.signatures.length} votes of ${validators.length} validators`)
  const fields: CometHeader = {
    blockVersion: header.version.block,
    appVersion: header.version.app,
    chainId: header.chain_id,
    height: header.height,
    timeNs: header.time,
    lastBlockHash: header.last_block_id.hash,
    lastPartsTotal: header.last_block_id.parts.total,
    lastPartsHash: header.last_block_id.parts.hash,
    lastCommitHash: header.last_commit_hash,
    dataHash: header.data_hash,
    validatorsHash: header.validators_hash,
    nextValidatorsHash: header.next_validators_hash,
    consensusHash: header.consensus_hash,
    appHash: header.app_hash,
    lastResultsHash: header.last_results_hash,
    evidenceHash: header.evidence_hash,
    proposerAddress: header.proposer_address,
  }
  const votes: CometCommit = {
    round: commit.round,
    partsTotal: commit.block_id.parts.total,
    partsHash: commit.block_id.parts.hash,
    voters: commit.signatures.map(({ block_id_flag, timestamp, signature }, index) => {
      const isForBlock = block_id_flag === FOR_BLOCK && signature !== null
      const vote = isForBlock ? { timeNs: nanosecondsOf(timestamp), signature } : { timeNs: 0n, signature: NOTHING }
      return { ...validators[index]!, ...vote }
    }),
  }
  return { bytes: encodeRecord(cometHeader, fields), signature: encodeRecord(cometCommit, votes) }
}

async function validatorsOf(
  ask: (method: string, params: object) => Promise<unknown>,
  height: number,
): Promise<{ readonly publicKey: Uint8Array; readonly power: bigint }[]> {
  const found: { readonly publicKey: Uint8Array; readonly power: bigint }[] = []
  for (let page = 1; ; page++) {
    const given = { height: String(height), page: String(page), per_page: String(VALIDATORS_A_PAGE) }
    const { validators, total } = answerOfValidators.parse(await ask('validators', given))
    found.push(...validators.map(({ pub_key, voting_power }) => ({ publicKey: pub_key.value, power: voting_power })))
    if (found.length >= total || validators.length === 0) return found
  }
}

/** As RFC 3339 has it, in UTC. */
function nanosecondsOf(text: string): bigint {
  const [, second, fraction = ''] = /^([^.Z]+)(?:\.(\d{1,9}))?Z$/.exec(text) ?? []
  return BigInt(Date.parse(`${second}Z`)) * NS_A_MS + BigInt(fraction.padEnd(9, '0'))
}
