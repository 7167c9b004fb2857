/** The chain's verdicts over a transaction: the same at every node. docs/spec/chain.md says when each is given. */

/** A message does not have its effect: in a block, the transaction keeps its fee and its sequence and changes nothing else. */
export const passingEffectErrors = {
  /** A proof that may still save the deal is under way. */
  DEAL_IN_RECOVERY: { fault: 'nobody', status: 422 },
  /** The seed of a sector is drawn some blocks after its pre-commit. */
  SEED_NOT_READY: { fault: 'nobody', status: 422, outage: true },
  /** Every slot of the period is full. */
  NO_SLOT: { fault: 'nobody', status: 422 },
  /** A recovery was missed, and the next has to wait. */
  RECOVERY_BARRED: { fault: 'caller', status: 422 },
  /** A validator that was silent stays away for a while. */
  JAIL_NOT_OVER: { fault: 'caller', status: 422 },
} as const

/** A message does not have its effect: in a block, the transaction keeps its fee and its sequence and changes nothing else. */
export const effectErrors = {
  /** The account has less than it is to pay. */
  INSUFFICIENT_FUNDS: { fault: 'caller', status: 422, exit: 'funds', outage: true },
  /** The provider has less free collateral than is to be locked or withdrawn. */
  INSUFFICIENT_COLLATERAL: { fault: 'caller', outage: true },
  /** The session key may not spend that much more. */
  SPENDING_LIMIT_REACHED: { fault: 'caller', status: 422, outage: true },
  /** Somebody else signed than the sender. */
  SIGNER_WRONG: { fault: 'caller' },
  /** A public key, or the file of a key, is none. */
  KEY_INVALID: { fault: 'caller' },
  /** The account has no such session key. */
  KEY_NOT_FOUND: { fault: 'caller' },
  /** The scope of a session key does not exist. */
  SCOPE_UNKNOWN: { fault: 'caller' },
  /** There is no such provider. */
  PROVIDER_NOT_FOUND: { fault: 'caller', status: 404 },
  /** The provider belongs to another account. */
  PROVIDER_NOT_OWNED: { fault: 'caller' },
  /** The registration of a provider is out of bounds. */
  PROVIDER_INVALID: { fault: 'caller' },
  /** The ask is out of bounds. */
  ASK_INVALID: { fault: 'caller' },
  /** An amount of nothing is to be moved. */
  AMOUNT_ZERO: { fault: 'caller' },
  /** There is no such validator. */
  VALIDATOR_NOT_FOUND: { fault: 'caller', status: 404 },
  /** The bond belongs to another account. */
  VALIDATOR_NOT_OWNED: { fault: 'caller' },
  /** The key of the validator has not signed for this account. */
  VALIDATOR_SIGNATURE_INVALID: { fault: 'caller' },
  /** The validator voted twice at one height: its key is never taken again. */
  VALIDATOR_SLASHED: { fault: 'caller' },
  /** The validator is not jailed. */
  VALIDATOR_NOT_JAILED: { fault: 'caller' },
  /** What would be bonded is less than the chain asks for. */
  BOND_TOO_SMALL: { fault: 'caller' },
  /** More is to leave a bond than it has. */
  BOND_INSUFFICIENT: { fault: 'caller' },
  /** The bond is on its way back in too many parts. */
  UNBONDINGS_FULL: { fault: 'caller' },
  /** Without this validator there would be nobody to make blocks. */
  LAST_VALIDATOR: { fault: 'caller' },
  /** There is no such deal. */
  DEAL_NOT_FOUND: { fault: 'caller', status: 404 },
  /** The agreement has been published already. */
  DEAL_DUPLICATE: { fault: 'caller' },
  /** The deal is another client's. */
  DEAL_CLIENT_WRONG: { fault: 'caller' },
  /** The deal is another provider's. */
  DEAL_PROVIDER_WRONG: { fault: 'caller' },
  /** The padded size does not fit the payload. */
  DEAL_SIZE_MISMATCH: { fault: 'caller' },
  /** The terms were valid until an epoch that has passed. */
  DEAL_TERMS_EXPIRED: { fault: 'caller' },
  /** The terms are out of the bounds of the chain. */
  DEAL_TERMS_INVALID: { fault: 'caller' },
  /** The provider has not signed these terms. */
  DEAL_SIGNATURE_INVALID: { fault: 'caller' },
  /** The terms put up less collateral than the chain demands. */
  DEAL_COLLATERAL_LOW: { fault: 'caller' },
  /** The deal is bound by a sector already. */
  DEAL_NOT_FREE: { fault: 'caller' },
  /** The deal is over or cancelled, or not active yet. */
  DEAL_OVER: { fault: 'caller' },
  /** The deal cannot be extended that way. */
  DEAL_NOT_EXTENDABLE: { fault: 'caller' },
  /** The deal has no standing order, or no longer. */
  DEAL_NOT_ORDERED: { fault: 'caller' },
  /** There is no such sector. */
  SECTOR_NOT_FOUND: { fault: 'caller', status: 404 },
  /** The number has been used: each is used once. */
  SECTOR_NUMBER_USED: { fault: 'caller' },
  /** The sector is not in a state for this. */
  SECTOR_STATE_WRONG: { fault: 'caller' },
  /** The end of a sector does not fit its deals or the bounds of the chain. */
  SECTOR_EXPIRY_INVALID: { fault: 'caller' },
  /** The sector is faulty, over, or was not proven lately. */
  SECTOR_NOT_SOUND: { fault: 'caller' },
  /** The sector is not faulty. */
  SECTOR_NOT_FAULTY: { fault: 'caller' },
  /** The sector is in another partition. */
  SECTOR_PARTITION_WRONG: { fault: 'caller' },
  /** The chain does not take sectors of this proof profile. */
  PROFILE_REFUSED: { fault: 'caller' },
  /** The ticket is not the chain's, or too old. */
  TICKET_INVALID: { fault: 'caller' },
  /** CommD is not that of the sector's pieces. */
  COMM_D_MISMATCH: { fault: 'caller' },
  /** The pieces are larger than the sector. */
  PIECES_DO_NOT_FIT: { fault: 'caller' },
  /** The sector was not proven in time. */
  COMMIT_EXPIRED: { fault: 'caller' },
  /** The proof does not have the length that its profile gives. */
  BUNDLE_LENGTH_WRONG: { fault: 'caller' },
  /** The proof of replication is wrong. */
  POREP_INVALID: { fault: 'caller' },
  /** There is no such partition. */
  PARTITION_NOT_FOUND: { fault: 'caller', status: 404 },
  /** The partition is not challenged, or has been answered. */
  CHALLENGE_NOT_OPEN: { fault: 'caller', status: 404 },
  /** The challenge is void, since the chain was too slow for its answer. */
  CHALLENGE_TOO_SLOW: { fault: 'nobody' },
  /** The sectors to skip are not a proper list of the challenged ones. */
  SKIPS_INVALID: { fault: 'caller' },
  /** The provider has too little to pay for the sectors it skips. */
  SKIP_NOT_COVERED: { fault: 'caller' },
  /** The proof of spacetime is wrong. */
  POST_INVALID: { fault: 'caller' },
  /** A recovery of the partition is under way. */
  RECOVERY_PENDING: { fault: 'caller' },
  /** The account owns no validator that took part when the proposal was submitted. */
  NO_VOTING_POWER: { fault: 'caller' },
  /** A proposal says nothing that could be carried out. */
  PROPOSAL_INVALID: { fault: 'caller' },
  /** A parameter cannot be changed by a vote, or not that far. */
  PARAM_NOT_CHANGEABLE: { fault: 'caller' },
  /** The account has a proposal that is being voted on. */
  PROPOSAL_OPEN: { fault: 'caller' },
  /** There is no such proposal. */
  PROPOSAL_NOT_FOUND: { fault: 'caller', status: 404 },
  /** The votes of the proposal have been counted. */
  VOTE_OVER: { fault: 'caller' },
} as const

/** A transaction may not be in a block at all. */
export const passingAdmissionErrors = {
  /** Sequences before this one are missing. */
  SEQUENCE_GAP: { fault: 'caller', status: 409 },
  /** The block's fees are higher than the transaction's maxFee. */
  FEE_TOO_LOW: { fault: 'nobody', status: 422 },
} as const

/** A transaction may not be in a block at all. */
export const admissionErrors = {
  /** The bytes are no transaction. */
  TX_MALFORMED: { fault: 'caller', status: 400 },
  /** The transaction was valid until an epoch that has passed. */
  TX_EXPIRED: { fault: 'caller' },
  /** A node cannot execute the transaction. */
  TX_NOT_EXECUTABLE: { fault: 'program' },
  /** The lane is for proofs alone. */
  LANE_INVALID: { fault: 'caller' },
  /** The signature is none of the transaction. */
  SIGNATURE_INVALID: { fault: 'caller' },
  /** The session key is not one of the sender's. */
  KEY_NOT_AUTHORIZED: { fault: 'caller', outage: true },
  /** The session key was valid until an epoch that has passed. */
  KEY_EXPIRED: { fault: 'caller', outage: true },
  /** The session key may not sign such a message. */
  KEY_SCOPE_MISSING: { fault: 'caller', outage: true },
  /** The lane has gone on: this sequence was used. */
  SEQUENCE_TOO_LOW: { fault: 'caller', status: 409 },
} as const
