/** What the node's OpenAPI document says of the operations: who asks them has no use for it, and a page does not load it. */
import type { Description } from '../operation/operation.ts'

/** By operation. */
export const chainDescriptions: Readonly<Record<string, Description>> = {
  getHealth: {
    summary: 'Whether the node makes blocks',
    errors: ['CHAIN_HALTED', 'UPGRADE_REQUIRED'],
  },
  getStatus: {
    summary: 'Which chain this is, and where it stands',
    errors: [],
  },
  getParams: {
    summary: 'The parameters of the chain, and what messages cost in the next block',
    errors: [],
  },
  getSupply: {
    summary: 'Where all money is, what was minted and burnt, and what a proven GiB earns',
    errors: [],
  },
  getGenesis: {
    summary: 'What the chain began with',
    errors: [],
  },
  getAccount: {
    summary: 'Balance and sequences of an account; any address has one',
    errors: [],
  },
  listSessionKeys: {
    summary: 'The session keys that an account has authorised, those that have expired too, in the order of their hex',
    errors: [],
  },
  getSessionKey: {
    summary: 'A session key of an account: what it may sign, until when, and what it has spent',
    errors: ['KEY_NOT_FOUND'],
  },
  listValidators: {
    summary: 'Validators with their bonds, those that are jailed or leave too',
    errors: [],
  },
  getValidator: {
    summary: 'A validator: its bond, its power, and whether it is jailed',
    errors: ['VALIDATOR_NOT_FOUND'],
  },
  listProviders: {
    summary: 'Providers in the order of their ids',
    errors: [],
  },
  getProvider: {
    summary: 'A provider with its ask and its collateral',
    errors: ['PROVIDER_NOT_FOUND'],
  },
  listPartitions: {
    summary: 'The partitions of a provider, without their members',
    errors: [],
  },
  getPartition: {
    summary: 'A partition of a provider, without its members',
    errors: ['PARTITION_NOT_FOUND'],
  },
  listMembers: {
    summary: 'The sectors of a partition in the order of their positions, all or those in one state',
    errors: [],
  },
  listChallenges: {
    summary: 'The challenges that a provider has to answer now, by their partitions',
    errors: [],
  },
  getChallenge: {
    summary: 'All that an answer to an open challenge takes: its randomness, and the sectors that it is over',
    errors: ['CHALLENGE_NOT_OPEN'],
  },
  listDeals: {
    summary:
      'Deals, by piece, by content, by client, by provider, or those of some ids; ids that are none are left out',
    errors: [],
  },
  getDeal: {
    summary: 'A deal: its terms, its state, its money',
    errors: ['DEAL_NOT_FOUND'],
  },
  getSector: {
    summary: 'A sector, from its pre-commit on',
    errors: ['SECTOR_NOT_FOUND'],
  },
  getRandomness: {
    summary: 'What an epoch draws for a sector, or for a partition (POST, RECOVERY)',
    errors: ['RANDOMNESS_NOT_READY'],
  },
  getBlock: {
    summary: 'The signed header of a block and what was in it',
    errors: ['BLOCK_NOT_FOUND'],
  },
  getProof: {
    summary:
      'What the state holds at a key, or that it holds nothing, with the proof and the signed header that it opens',
    errors: ['STATE_NOT_FOUND'],
  },
  getGovernance: {
    summary: 'By which rules blocks are made, and what the validators may vote on',
    errors: [],
  },
  listProposals: {
    summary: 'What was and is voted on, in the order of numbers',
    errors: [],
  },
  getProposal: {
    summary: 'A proposal: what it would change, its votes, and what came of it',
    errors: ['PROPOSAL_NOT_FOUND'],
  },
  submitTx: {
    summary: 'Sends a signed transaction; the same bytes again are the same transaction',
    also: { 202: 'Taken, and not in a block yet' },
    errors: [
      'TX_MALFORMED',
      'CONTENT_ENCODING_UNSUPPORTED',
      'SIGNATURE_INVALID',
      'SEQUENCE_GAP',
      'INSUFFICIENT_FUNDS',
      'ALREADY_PENDING',
      'REPLACEMENT_TOO_LOW',
      'KEY_CHANGING',
      'LANE_CLASS_MIXED',
      'PROOF_ATTEMPTS_SPENT',
      'MEMPOOL_FULL',
      'BYTES_LIMITED',
      'ADDRESS_BUSY',
      'NODE_BUSY',
      'TX_WAIT_TIMEOUT',
    ],
  },
  getTx: {
    summary: 'What became of a transaction',
    errors: ['TX_NOT_FOUND'],
  },
  followEvents: {
    summary: 'What happens, as server-sent events; Last-Event-ID, or `since`, resumes without a gap',
    errors: ['STREAMS_FULL', 'ADDRESS_BUSY'],
  },
  askFaucet: {
    summary: 'Money for an address, committed when it answers; devnets only',
    errors: ['FAUCET_LIMIT'],
  },
}
