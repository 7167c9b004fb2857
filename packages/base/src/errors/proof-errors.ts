/** What making and verifying proofs says. */

export const passingProofErrors = {
  /** The native kernel failed. */
  KERNEL_FAILED: { fault: 'operator' },
  /** There is less memory than the sector needs. */
  MEMORY_TOO_SMALL: { fault: 'operator', outage: true },
  /** There is less room on the disk than the sector needs. */
  DISK_TOO_SMALL: { fault: 'operator', outage: true },
} as const

export const proofErrors = {
  /** There is no such proof profile. */
  PROFILE_UNKNOWN: { fault: 'caller' },
  /** The numbers of a proof profile contradict each other. */
  PROFILE_INVALID: { fault: 'caller' },
  /** The text is no piece CID. */
  PIECE_CID_INVALID: { fault: 'caller' },
  /** A padded size is no power of two of at least 128. */
  PIECE_SIZE_INVALID: { fault: 'caller' },
  /** The file of a piece is not as long as it should be. */
  PIECE_FILE_INVALID: { fault: 'operator' },
  /** The bytes are not padded as fr32 demands. */
  FR32_INVALID: { fault: 'caller' },
  /** Pieces cannot be aggregated that way. */
  AGGREGATE_INPUT_INVALID: { fault: 'caller' },
  /** A question about soundness is out of bounds. */
  SOUNDNESS_INPUT_INVALID: { fault: 'caller' },
  /** What is to be sealed is out of bounds. */
  SEAL_INPUT_INVALID: { fault: 'caller' },
  /** The data of a sector changed while it was sealed. */
  SECTOR_DATA_CHANGED: { fault: 'operator' },
  /** The manifest of a sector is damaged, or of another version. */
  MANIFEST_INVALID: { fault: 'operator' },
  /** The sector is not sealed yet. */
  SECTOR_NOT_SEALED: { fault: 'caller' },
  /** What the proof of replication needs is gone, since the sector was finalized. */
  SECTOR_FINALIZED: { fault: 'caller' },
  /** A file of the sector is missing or damaged. */
  SECTOR_DAMAGED: { fault: 'operator' },
  /** A file ends before what is to be read of it. */
  FILE_TOO_SHORT: { fault: 'operator' },
  /** The bytes to unseal are not within the sector's data. */
  UNSEAL_RANGE_INVALID: { fault: 'caller' },
  /** What is to be proven of replication is out of bounds. */
  POREP_INPUT_INVALID: { fault: 'caller' },
  /** What is to be proven of spacetime is out of bounds. */
  POST_INPUT_INVALID: { fault: 'caller' },
  /** The sectors to skip are not a proper list of the challenged ones. */
  POST_SKIPS_INVALID: { fault: 'caller' },
  /** The parents table has another digest than it must have. */
  PARENTS_TABLE_WRONG: { fault: 'operator' },
  /** A checkpoint does not fit the file that it is of. */
  CHECKPOINT_DAMAGED: { fault: 'operator' },
  /** The kernel that was asked for does not run here. */
  KERNEL_UNAVAILABLE: { fault: 'operator' },
  /** A proof that was made for a measurement is refused. */
  BENCH_PROOF_REFUSED: { fault: 'program' },
  /** What was unsealed for a measurement is not what was sealed. */
  BENCH_UNSEALED_WRONG: { fault: 'program' },
} as const

/** Why a verifier refuses what it was shown. `SKIPS_INVALID` and `BUNDLE_LENGTH_WRONG` are verdicts of the chain too. */
export const verifierErrors = {
  /** What is to be verified is out of bounds. */
  INPUT_INVALID: { fault: 'caller' },
  /** The proof does not begin as one of its kind. */
  BUNDLE_MAGIC_WRONG: { fault: 'caller' },
  /** A commitment is all zeros. */
  COMMITMENT_ZERO: { fault: 'caller' },
  /** CommR does not follow from CommC and CommRLast. */
  COMM_R_MISMATCH: { fault: 'caller' },
  /** A column of labels is not in CommC. */
  COLUMN_NOT_IN_COMM_C: { fault: 'caller' },
  /** A label does not follow from its parents. */
  LABEL_MISMATCH: { fault: 'caller' },
  /** A node of data is no field element. */
  DATA_NOT_IN_FIELD: { fault: 'caller' },
  /** A node of data is not in CommD. */
  DATA_NOT_IN_COMM_D: { fault: 'caller' },
  /** A node of the replica is not in CommRLast. */
  REPLICA_NOT_IN_COMM_R: { fault: 'caller' },
  /** A path does not have the length of its tree. */
  PATH_LENGTH_WRONG: { fault: 'caller' },
  /** An entry of the index is not in the aggregate. */
  ENTRY_NOT_IN_AGGREGATE: { fault: 'caller' },
  /** An entry lies outside of the aggregate's index. */
  ENTRY_OUTSIDE_INDEX: { fault: 'caller' },
  /** A segment is not in the aggregate. */
  SEGMENT_NOT_IN_AGGREGATE: { fault: 'caller' },
  /** A segment reaches into the aggregate's index. */
  SEGMENT_WITHIN_INDEX: { fault: 'caller' },
} as const
