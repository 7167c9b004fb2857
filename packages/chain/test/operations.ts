/** All operations of a node, each with a question that every node answers, or refuses by name. */
import * as declared from '@granary/protocol/chain-api'
import type { Description, NodeOperation } from '@granary/protocol/operation'

const { chainDescriptions, ...others } = declared

export const operations: readonly (NodeOperation & Description)[] = Object.values(others).flatMap((value) =>
  'method' in value ? [{ ...value, ...chainDescriptions[value.id]! }] : [],
)

const ADDRESS = `0x${'11'.repeat(20)}`
const HASH = `0x${'11'.repeat(32)}`
/** By operation: a path, and a body where one is sent. */
export const EXAMPLES: Readonly<Record<string, readonly [path: string, body?: object]>> = {
  getHealth: ['/healthz'],
  getStatus: ['/v1/status'],
  getParams: ['/v1/params'],
  getSupply: ['/v1/supply'],
  getGenesis: ['/v1/genesis'],
  getAccount: [`/v1/accounts/${ADDRESS}`],
  listSessionKeys: [`/v1/accounts/${ADDRESS}/keys`],
  getSessionKey: [`/v1/accounts/${ADDRESS}/keys/${HASH}`],
  listProviders: ['/v1/providers?after=1000&limit=10'],
  listValidators: [`/v1/validators?after=${HASH}&limit=10`],
  getValidator: [`/v1/validators/${HASH}`],
  getProvider: ['/v1/providers/1000'],
  listPartitions: ['/v1/providers/1000/partitions'],
  getPartition: ['/v1/providers/1000/partitions/0'],
  listMembers: ['/v1/providers/1000/partitions/0/members?state=faulty&limit=10'],
  listChallenges: ['/v1/providers/1000/challenges'],
  getChallenge: ['/v1/providers/1000/partitions/0/challenges/post'],
  listDeals: ['/v1/deals?provider=1000&limit=10'],
  getDeal: ['/v1/deals/1'],
  getSector: ['/v1/sectors/1000/0'],
  getRandomness: ['/v1/randomness?tag=TICKET&epoch=1&provider=1000&sector=0'],
  getBlock: ['/v1/blocks/0'],
  getProof: [`/v1/proofs/account%2F${ADDRESS}`],
  getGovernance: ['/v1/governance'],
  listProposals: ['/v1/proposals?limit=10'],
  getProposal: ['/v1/proposals/1'],
  submitTx: ['/v1/txs', { tx: 'AQID' }],
  getTx: [`/v1/txs/${HASH}`],
  followEvents: ['/v1/events?types=deal:active,block&since=0'],
  askFaucet: ['/v1/faucet', { address: ADDRESS }],
}
